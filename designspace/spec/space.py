"""A space: a base network, axes, limits on cost."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from math import prod
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from pydantic import Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from designspace.errors import InputError, did_you_mean
from designspace.layers.frozen import Frozen
from designspace.spec import catalog
from designspace.spec.axis import Axis
from designspace.spec.digest import digest_of
from designspace.spec.each_stage import expand, is_staged
from designspace.spec.files import Document, Keys, read_yaml
from designspace.spec.limits import Limit, intersect
from designspace.spec.load import authored, load
from designspace.spec.network import Network
from designspace.spec.validation import validate

Point = dict[str, str]


class Space(Frozen):
    """The networks that a base becomes by one choice an axis.

    Attributes:
        name: What people call it.
        purpose: What question it asks, in a sentence or two.
        base: The network from which the choices depart: a catalog name, a path, or data.
        axes: Axes by name.
        limits: Limits on cost at the task's image size, channels and classes; all of them hold.
    """

    name: str = ""
    purpose: str = ""
    base: str | dict[str, Any]
    axes: dict[str, Axis] = Field(min_length=1)
    limits: tuple[Limit, ...] = ()

    _authored: dict[str, Any] = PrivateAttr(default_factory=dict[str, Any])
    _base: Document = PrivateAttr(default_factory=lambda: Document({}))

    @model_validator(mode="after")
    def _conditions_exist(self) -> Self:
        for name, axis in self.axes.items():
            for other, labels in axis.when.items():
                if other not in self.axes or other == name:
                    hint = did_you_mean(other, set(self.axes) - {name})
                    raise _at(f"no other axis is called '{other}'; {hint}", "axes", name, "when")
                for each in labels:
                    if each not in self.axes[other].choices:
                        hint = did_you_mean(each, self.axes[other].labels)
                        said = f"axis {other} has no choice '{each}'; {hint}"
                        raise _at(said, "axes", name, "when", other)
        try:
            TopologicalSorter({name: set(axis.when) for name, axis in self.axes.items()}).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1]
            said = f"conditions go round in a circle: {' -> '.join(circle)}"
            raise _at(said, "axes", circle[0], "when") from None
        return self

    @model_validator(mode="after")
    def _one_axis_a_path(self) -> Self:
        """Of two axes that always set the same path, the first would change nothing."""
        owner: dict[str, str] = {}
        for name, axis in self.axes.items():
            if axis.path and not axis.when and owner.setdefault(axis.path, name) != name:
                said = f"axes {owner[axis.path]} and {name} both set {axis.path}"
                raise _at(said, "axes", name)
        return self

    @model_validator(mode="after")
    def _limits_agree(self) -> Self:
        try:
            intersect(self.limits)
        except ValueError as error:
            raise _at(str(error), "limits") from None
        return self

    @property
    def size(self) -> int:
        """Number of combinations of labels, before conditions, limits and repeats."""
        return prod(len(axis.choices) for axis in self.axes.values())

    @property
    def authored(self) -> dict[str, Any]:
        """The space as plain data, complete with its base."""
        return self._authored

    @property
    def digest(self) -> str:
        """Identity of the base, the axes and the limits: 16 hexadecimal digits."""
        meaning = {
            "base": self.base_network().digest,
            "axes": {name: axis.model_dump(mode="json") for name, axis in self.axes.items()},
            "limits": [limit.model_dump(mode="json") for limit in self.limits],
        }
        return digest_of(meaning)

    @property
    def base_data(self) -> dict[str, Any]:
        """The base network's data, as it was written."""
        return self._base.data

    def base_network(self) -> Network:
        """The network from which the choices depart."""
        return load(self._base.data)

    def active(self, point: Mapping[str, str]) -> dict[str, Axis]:
        """The axes that have an effect at a point: those whose conditions it meets."""
        return {
            name: axis
            for name, axis in self.axes.items()
            if all(point.get(other) in labels for other, labels in axis.when.items())
        }

    def changes(self, point: Mapping[str, str]) -> dict[str, Any]:
        """The changes to the base that a point stands for.

        Args:
            point: A label for each active axis; an axis that is left out stays as in the base.

        Raises:
            InputError: An axis or a label that the space does not have.
        """
        changes: dict[str, Any] = {}
        for name, choice in point.items():
            if name not in self.axes:
                raise InputError(f"no axis '{name}'", hint=did_you_mean(name, self.axes))
            axis = self.axes[name]
            if choice not in axis.choices:
                hint = did_you_mean(choice, axis.labels)
                raise InputError(f"axis '{name}' has no choice '{choice}'", hint=hint)
        for name, axis in self.active(point).items():
            if name in point:
                changes |= axis.changes(point[name])
        return changes

    def spec(self, point: Mapping[str, str]) -> Network:
        """The network at a point.

        Raises:
            InputError: The choices make no valid network together.
        """
        return load(self._base.data, self.changes(point))


S = TypeVar("S", bound=Space)


def load_space(source: str | Path | Mapping[str, Any], model: type[S] = Space) -> S:
    """A space from a catalog name, a YAML file or plain data.

    An axis that is written once for each stage is several from here on. Every choice is tried on
    the base, so that a wrong path or value is found before anything runs.

    Raises:
        InputError: What is wrong, with its file, line and path.
    """
    if isinstance(source, Mapping):
        document, folder = Document(dict(source)), Path()
    else:
        path = catalog.find(source, "search", "space", "axes")
        document, folder = read_yaml(path), path.parent
    base = None
    if is_staged(document) and isinstance(document.data.get("base"), str | dict):
        document, base = expand(document, _base(document.data["base"], folder))
    space = validate(model, document)
    base = base or _base(space.base, folder)
    object.__setattr__(space, "_base", base)
    space.authored.update(document.data | {"base": base.data})
    _try_choices(space, document)
    return space


def _base(base: str | dict[str, Any], folder: Path) -> Document:
    """What was written of the base: a catalog name, a path beside the space, or data."""
    beside = folder / base if isinstance(base, str) else None
    return authored(beside if beside and beside.is_file() else base)


def _try_choices(space: Space, document: Document) -> None:
    """Make each choice alone on the base, with the first choices that its conditions ask for."""
    space.base_network()
    for name, axis in space.axes.items():
        needed = _needed(space, name)
        for index, choice in enumerate(axis.labels):
            try:
                space.spec(needed | {name: choice})
            except InputError as error:
                origin = document.origin(_written(document, name, index))
                raise InputError(
                    f"choice '{choice}' cannot be made: {error.message}",
                    file=origin.file,
                    line=origin.line,
                    path=f"axes.{name}",
                    hint=error.hint,
                ) from None


def _needed(space: Space, name: str) -> Point:
    """The first labels with which an axis has an effect, and those with which they do."""
    point: Point = {}
    for other, labels in space.axes[name].when.items():
        point |= _needed(space, other) | {other: labels[0]}
    return point


def _written(document: Document, name: str, index: int) -> Keys:
    """The keys under which a choice was written."""
    choices: Any = document.data["axes"][name].get("choices")
    inner = list(map(str, cast("dict[Any, Any]", choices))) if isinstance(choices, dict) else None
    return ("axes", name, "choices", inner[index] if inner else index)


def _at(said: str, *keys: str) -> PydanticCustomError:
    """What is wrong under these keys of the space."""
    return PydanticCustomError("at_path", "{said}", {"said": said, "path": keys})
