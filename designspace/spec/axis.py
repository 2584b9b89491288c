"""An axis of a space: a named set of labelled choices."""

from __future__ import annotations

from typing import Any, Self, cast

from pydantic import Field, model_validator

from designspace.layers.frozen import Frozen


class Axis(Frozen):
    """Labelled choices for one path, or for several that move together.

    Attributes:
        path: The path that the choices set, or null where each choice lists its own.
        choices: Label to value; with no `path`, label to `{path: value, ...}`. In YAML a plain
            list of values is enough: each value is its own label.
        ordered: Whether the choices stand in an order that means something.
        when: Labels of other axes without which this axis has no effect.
    """

    path: str | None = None
    choices: dict[str, Any] = Field(min_length=1)
    ordered: bool = False
    when: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, data: Any) -> Any:
        """A list of choices as labels, a range as a list, bare conditions as lists."""
        if not isinstance(data, dict):
            return data
        axis = dict(cast("dict[str, Any]", data))
        if "range" in axis:
            low, high, step = _range(axis.pop("range"))
            axis["choices"], axis["ordered"] = list(range(low, high + 1, step)), True
        choices = axis.get("choices")
        if isinstance(choices, list):
            axis["choices"] = {label(value): value for value in cast("list[Any]", choices)}
            if len(axis["choices"]) < len(cast("list[Any]", choices)):
                raise ValueError("a choice stands twice")
        elif isinstance(choices, dict):
            named = cast("dict[Any, Any]", choices)
            axis["choices"] = {label(key): value for key, value in named.items()}
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
                if not isinstance(change, dict) or not change:
                    raise ValueError(f"without `path`, choice '{name}' must list its own paths")
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """The choices' labels, in order."""
        return tuple(self.choices)

    def changes(self, choice: str) -> dict[str, Any]:
        """The changes that a choice makes."""
        value = self.choices[choice]
        return {self.path: value} if self.path else dict(value)


def label(value: Any) -> str:
    """A choice's label: the value as one would write it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "-".join(label(item) for item in cast("list[Any]", value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _listed(value: Any) -> Any:
    return cast("object", value) if isinstance(value, list) else [value]


def _range(data: Any) -> tuple[int, int, int]:
    """`[low, high]` or `[low, high, step]`, both ends included."""
    values = cast("list[Any]", data) if isinstance(data, list) else []
    if not 2 <= len(values) <= 3 or not all(isinstance(v, int) for v in values):
        raise ValueError("a range is [low, high] or [low, high, step] in whole numbers")
    low, high, step = values if len(values) == 3 else (*values, 1)
    if low > high or step < 1:
        raise ValueError(f"an empty range: {low} to {high} by {step}")
    return low, high, step
