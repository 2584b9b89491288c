"""A space: a base network, axes, limits on cost, and optionally a recipe that varies too."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, Self

from pydantic import Field, PrivateAttr, model_validator

from designspace.errors import InputError, did_you_mean
from designspace.layers.frozen import Frozen
from designspace.spec.documents.changes import apply
from designspace.spec.documents.digest import digest_of
from designspace.spec.documents.document import Document, Origin
from designspace.spec.documents.validation import validate
from designspace.spec.network.load import load
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe
from designspace.spec.space import axis_rules
from designspace.spec.space.axis import Axis
from designspace.spec.space.limits import Limit, intersect

Point = dict[str, str]


class Space(Frozen):
    """The networks, and optionally recipes, that result from a base by one choice per axis.

    An axis whose paths start with `recipe.` changes the recipe of a trial; any other axis changes
    the network.

    Attributes:
        name: Name of the space.
        purpose: Question that the space answers, in a sentence or two.
        base: Network that the choices change: a catalog name, a path, or data.
        recipe: Recipe that the choices change, likewise; required only if an axis changes it.
        axes: Axes by name.
        limits: Limits on cost at the task's image size, channels and classes; all must hold.
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
        axis_rules.conditions_exist(self.axes)
        axis_rules.one_axis_a_path(self.axes)
        axis_rules.sides_apart(self.axes, has_recipe=self.recipe is not None)
        return self

    @model_validator(mode="after")
    def _limits_agree(self) -> Self:
        try:
            intersect(self.limits)
        except ValueError as error:
            raise axis_rules.at(str(error), "limits") from None
        return self

    def __repr__(self) -> str:
        return (
            f"<Space {self.name or 'without a name'}: {len(self.axes)} axes, {self.size:,} "
            f"combinations, {len(self.limits)} limits>"
        )

    __str__ = __repr__

    def _repr_html_(self) -> str:
        """Return HTML for notebooks: the number of choices of each axis, and their labels."""
        from designspace.figures import Bar, bars, page, table

        counts = [(name, len(axis.choices)) for name, axis in self.axes.items()]
        drawn = bars([Bar(name, count, str(count)) for name, count in counts])
        rows = [[name, ", ".join(axis.labels)] for name, axis in self.axes.items()]
        limits = "; ".join(f"{one.cost} {one.low or 0:g} to {_end(one)}" for one in self.limits)
        note = f"limits: {limits}" if limits else ""
        title = f"{self.name or 'space'}: {self.size:,} combinations"
        return page(title, drawn, table(["axis", "choices"], rows, note))

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
        """The space as plain data, including its base, and its recipe if it has one."""
        return self._authored

    @property
    def digest(self) -> str:
        """Identity of base, axes, limits and a recipe that varies, as 16 hexadecimal digits."""
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
        """Return the network that the choices change."""
        return load(self._base.data)

    def active(self, point: Mapping[str, str]) -> dict[str, Axis]:
        """Return the axes that have an effect at a point: it meets their conditions."""
        return {
            name: axis
            for name, axis in self.axes.items()
            if all(point.get(other) in labels for other, labels in axis.when.items())
        }

    def changes(self, point: Mapping[str, str]) -> dict[str, Any]:
        """Return the changes to the base network at a point, by path.

        Args:
            point: Labels by axis; an axis that is left out stays as in the base, and an inactive
                axis has no effect.

        Raises:
            InputError: The space does not have an axis or a label of the point.
        """
        return self._changes(point, of_recipe=False)

    def recipe_changes(self, point: Mapping[str, str]) -> dict[str, Any]:
        """Return the changes to the base recipe at a point, by path within the recipe.

        Raises:
            InputError: The space does not have an axis or a label of the point.
        """
        changes = self._changes(point, of_recipe=True)
        return {path.removeprefix("recipe."): value for path, value in changes.items()}

    def spec(self, point: Mapping[str, str]) -> Network:
        """Return the network at a point.

        Raises:
            InputError: The choices together do not make a valid network.
        """
        changes = self.changes(point)
        return load(Document(self._base.data) if changes else self._base.data, changes)

    def recipe_spec(self, point: Mapping[str, str]) -> Recipe:
        """Return the recipe at a point.

        Raises:
            InputError: The choices together do not make a valid recipe, or the space names none.
        """
        if self.recipe is None:
            raise InputError(f"space {self.name} names no recipe")
        changes = self.recipe_changes(point)
        return validate(Recipe, apply(self._recipe, changes, Origin("recipe")))

    def recipe_digest(self, point: Mapping[str, str]) -> str | None:
        """Return the digest of the recipe at a point; None if no axis changes the recipe.

        Two points are the same trial if this digest and that of the network are the same.
        """
        return self.recipe_spec(point).digest if self.recipe_axes else None

    def from_recipe(self, recipe: Recipe) -> Self:
        """Return a copy with another base recipe; its choices are not checked here."""
        data = recipe.plain()
        copy = self.model_copy(update={"recipe": data})
        object.__setattr__(copy, "_recipe", Document(data))
        object.__setattr__(copy, "_authored", self.authored | {"recipe": data})
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


def _end(limit: Limit) -> str:
    return "any" if limit.high is None else f"{limit.high:g}"
