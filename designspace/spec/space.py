"""A space: a base network, axes, limits on cost, and perhaps a recipe that varies too."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import Field, PrivateAttr, model_validator

from designspace.errors import InputError, did_you_mean
from designspace.layers.frozen import Frozen
from designspace.spec import agreement, catalog
from designspace.spec.axis import Axis
from designspace.spec.changes import apply
from designspace.spec.digest import digest_of
from designspace.spec.each_stage import expand, is_staged
from designspace.spec.files import Document, Origin, read_yaml
from designspace.spec.limits import Limit, intersect
from designspace.spec.load import authored, load, require_fixed
from designspace.spec.network import Network
from designspace.spec.recipe import Recipe
from designspace.spec.recipe_files import recipe_document
from designspace.spec.trying import try_choices
from designspace.spec.validation import validate

Point = dict[str, str]


class Space(Frozen):
    """The networks, and perhaps recipes, that a base becomes by one choice an axis.

    An axis whose paths start with `recipe.` changes how a trial is trained, any other what is
    trained.

    Attributes:
        name: What people call it.
        purpose: What question it asks, in a sentence or two.
        base: The network from which the choices depart: a catalog name, a path, or data.
        recipe: The recipe from which they depart, likewise; needed only where an axis changes it.
        axes: Axes by name.
        limits: Limits on cost at the task's image size, channels and classes; all of them hold.
    """

    name: str = ""
    purpose: str = ""
    base: str | dict[str, Any]
    recipe: str | dict[str, Any] | None = None
    axes: dict[str, Axis] = Field(min_length=1)
    limits: tuple[Limit, ...] = ()

    _authored: dict[str, Any] = PrivateAttr(default_factory=dict[str, Any])
    _base: Document = PrivateAttr(default_factory=lambda: Document({}))
    _recipe: Document = PrivateAttr(default_factory=lambda: Document({}))

    @model_validator(mode="after")
    def _axes_agree(self) -> Self:
        agreement.conditions_exist(self.axes)
        agreement.one_axis_a_path(self.axes)
        agreement.sides_apart(self.axes, has_recipe=self.recipe is not None)
        return self

    @model_validator(mode="after")
    def _limits_agree(self) -> Self:
        try:
            intersect(self.limits)
        except ValueError as error:
            raise agreement.at(str(error), "limits") from None
        return self

    @property
    def network_axes(self) -> dict[str, Axis]:
        """The axes that change the network."""
        return {name: axis for name, axis in self.axes.items() if not axis.of_recipe}

    @property
    def recipe_axes(self) -> dict[str, Axis]:
        """The axes that change the recipe."""
        return {name: axis for name, axis in self.axes.items() if axis.of_recipe}

    @property
    def size(self) -> int:
        """Number of combinations of labels, before conditions, limits and repeats."""
        return prod(len(axis.choices) for axis in self.axes.values())

    @property
    def authored(self) -> dict[str, Any]:
        """The space as plain data, complete with its base, and its recipe where it has one."""
        return self._authored

    @property
    def digest(self) -> str:
        """Identity of base, axes and limits, and of a recipe that varies: 16 hexadecimal digits."""
        meaning: dict[str, Any] = {
            "base": self.base_network().digest,
            "axes": {name: axis.model_dump(mode="json") for name, axis in self.axes.items()},
            "limits": [limit.model_dump(mode="json") for limit in self.limits],
        }
        recipe = {"recipe": self.recipe_digest({})} if self.recipe_axes else {}
        return digest_of(meaning | recipe)

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
        """The changes to the base network that a point stands for.

        Args:
            point: A label for each active axis; an axis that is left out stays as in the base.

        Raises:
            InputError: An axis or a label that the space does not have.
        """
        return self._changes(point, of_recipe=False)

    def recipe_changes(self, point: Mapping[str, str]) -> dict[str, Any]:
        """The changes to the base recipe that a point stands for, by path within a recipe.

        Raises:
            InputError: An axis or a label that the space does not have.
        """
        changes = self._changes(point, of_recipe=True)
        return {path.removeprefix("recipe."): value for path, value in changes.items()}

    def spec(self, point: Mapping[str, str]) -> Network:
        """The network at a point.

        Raises:
            InputError: The choices make no valid network together.
        """
        changes = self.changes(point)
        return load(Document(self._base.data) if changes else self._base.data, changes)

    def recipe_spec(self, point: Mapping[str, str]) -> Recipe:
        """The recipe at a point, of a space that names one.

        Raises:
            InputError: The choices make no valid recipe together, or the space names none.
        """
        if self.recipe is None:
            raise InputError(f"space {self.name} names no recipe")
        changes = self.recipe_changes(point)
        return validate(Recipe, apply(self._recipe, changes, Origin("recipe")))

    def recipe_digest(self, point: Mapping[str, str]) -> str | None:
        """Identity of the recipe at a point; None where no axis changes it.

        With the network's digest it says whether two points are the same trial.
        """
        return self.recipe_spec(point).digest if self.recipe_axes else None

    def with_recipe(self, recipe: Recipe) -> Self:
        """The space with another recipe from which the choices depart.

        Raises:
            InputError: A choice cannot be made with it.
        """
        data = recipe.plain()
        copy = self.model_copy(update={"recipe": data})
        object.__setattr__(copy, "_recipe", Document(data))
        object.__setattr__(copy, "_authored", self.authored | {"recipe": data})
        try_choices(copy, Document(copy.authored))
        return copy

    def _changes(self, point: Mapping[str, str], *, of_recipe: bool) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        for name, choice in point.items():
            if name not in self.axes:
                raise InputError(f"no axis '{name}'", hint=did_you_mean(name, self.axes))
            axis = self.axes[name]
            if choice not in axis.choices:
                hint = did_you_mean(choice, axis.labels)
                raise InputError(f"axis '{name}' has no choice '{choice}'", hint=hint)
        for name, axis in self.active(point).items():
            if name in point and axis.of_recipe == of_recipe:
                changes |= axis.changes(point[name])
        return changes


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
        document, base = expand(document, authored(_beside(document.data["base"], folder)))
    space = validate(model, document)
    require_fixed(space.base, document.origin(("base",)))
    base = base or authored(_beside(space.base, folder))
    space.authored.update(document.data | {"base": base.data})
    object.__setattr__(space, "_base", base)
    if space.recipe is not None:
        recipe = recipe_document(_beside(space.recipe, folder))
        validate(Recipe, recipe)
        object.__setattr__(space, "_recipe", recipe)
        space.authored["recipe"] = recipe.data
    try_choices(space, document)
    return space


def _beside(source: str | dict[str, Any], folder: Path) -> Any:
    """A path from the space's own folder where there is such a file."""
    near = folder / source if isinstance(source, str) else None
    return near if near and near.is_file() else source
