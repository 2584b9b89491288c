"""An axis of a space: a named set of labelled choices."""

from __future__ import annotations

from typing import Annotated, Any, Self, cast

from pydantic import ConfigDict, Field, model_validator

from designspace.layers.frozen import Frozen
from designspace.spec.documents.per_stage import KEY

_MOST_CHOICES = 1_000


def _as_written(schema: dict[str, Any]) -> None:
    """Add the short forms to the JSON schema."""
    properties = schema["properties"]
    for name in ("choices", "when"):
        properties[name].pop("additionalProperties")
    properties["choices"] = {
        "anyOf": [properties["choices"], {"type": "array", "minItems": 1}],
        "title": "Choices",
        "description": "{per_stage: [...]} gives each stage its own if `each_stage` is set.",
    }
    whole = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 3}
    a_stage = {
        "type": "object",
        "properties": {KEY: {"type": "array", "items": whole, "minItems": 1}},
        "required": [KEY],
        "additionalProperties": False,
    }
    properties["range"] = {
        "anyOf": [whole, a_stage],
        "description": "[low, high] or [low, high, step]; one per stage if `each_stage` is set.",
    }
    properties["each_stage"] = {
        "const": True,
        "description": "One axis per stage: `depths`, `widths`, or a path in block or downsample.",
    }
    schema["required"] = []
    schema["oneOf"] = [{"required": ["choices"]}, {"required": ["range"]}]


class Axis(Frozen):
    """Labelled choices for one path, or for several paths that change together.

    Attributes:
        path: Path that the choices set; null if each choice lists its own paths.
        choices: Value by label; without `path`, `{path: value, ...}` by label. In YAML a plain
            list of values is enough: each value is its own label.
        ordered: Whether the order of the choices has a meaning.
        when: Labels by the name of another axis; unless that axis has one of them, this axis has
            no effect.
    """

    model_config = ConfigDict(json_schema_extra=_as_written)

    path: str | None = Field(default=None, min_length=1)
    choices: dict[str, Any] = Field(min_length=1)
    ordered: bool = False
    when: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, data: Any) -> Any:
        """Expand the short forms: lists of choices, ranges, and conditions with a single label."""
        if not isinstance(data, dict):
            return data
        axis = dict(cast("dict[str, Any]", data))
        if "range" in axis:
            if "choices" in axis:
                raise ValueError("an axis has `choices` or a `range`, not both")
            low, high, step = _range(axis.pop("range"))
            axis["choices"], axis["ordered"] = list(range(low, high + 1, step)), True
        if "choices" in axis:
            axis["choices"] = _labelled(axis["choices"])
        when = axis.get("when")
        if isinstance(when, dict):
            conditions = cast("dict[str, Any]", when)
            axis["when"] = {
                name: [label(v) for v in cast("list[Any]", _listed(value))]
                for name, value in conditions.items()
            }
        return axis

    @model_validator(mode="after")
    def _choices_are_changes(self) -> Self:
        if self.path is None:
            for name, change in self.choices.items():
                paths = list(cast("dict[Any, Any]", change)) if isinstance(change, dict) else []
                if not paths or not all(isinstance(path, str) for path in paths):
                    raise ValueError(f"without `path`, choice '{name}' must list its own paths")
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the choices, in order."""
        return tuple(self.choices)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that any choice changes."""
        if self.path:
            return (self.path,)
        changes: list[dict[str, Any]] = list(self.choices.values())
        return tuple(dict.fromkeys(path for change in changes for path in change))

    @property
    def of_recipe(self) -> bool:
        """Whether the axis changes the recipe and not the network."""
        return self.paths[0].startswith("recipe.")

    def changes(self, choice: str) -> dict[str, Any]:
        """Return the changes that a choice makes, by path."""
        value = self.choices[choice]
        return {self.path: value} if self.path else dict(value)


def label(value: Any) -> str:
    """Return the label of a choice: its value in the form in which a user would write it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "-".join(label(item) for item in cast("list[Any]", value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _labelled(choices: Any) -> Any:
    """Return choices by label; each value of a list is its own label."""
    if isinstance(choices, list):
        pairs = [(label(value), value) for value in cast("list[Any]", choices)]
    elif isinstance(choices, dict):
        pairs = [(label(key), value) for key, value in cast("dict[Any, Any]", choices).items()]
    else:
        return choices
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a choice appears twice")
    return dict(pairs)


def _listed(value: Any) -> Any:
    return cast("object", value) if isinstance(value, list) else [value]


def _range(data: Any) -> tuple[int, int, int]:
    """Parse `[low, high]` or `[low, high, step]`, both ends included."""
    values = cast("list[Any]", data) if isinstance(data, list) else []
    if not 2 <= len(values) <= 3 or not all(type(v) is int for v in values):
        raise ValueError("a range is [low, high] or [low, high, step] in whole numbers")
    low, high, step = values if len(values) == 3 else (*values, 1)
    if low > high or step < 1:
        raise ValueError(f"an empty range: {low} to {high} by {step}")
    if (high - low) // step >= _MOST_CHOICES:
        raise ValueError(f"a range of more than {_MOST_CHOICES:,} choices")
    return low, high, step
