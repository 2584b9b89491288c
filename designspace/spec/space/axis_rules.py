"""Rules that hold between the axes of a space; an error names the place that breaks a rule."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from pydantic_core import PydanticCustomError

from designspace.errors import did_you_mean
from designspace.spec.space.axis import Axis

Axes = Mapping[str, Axis]
_SHARED = ("name", "note", "epochs", "val_fraction")


def conditions_exist(axes: Axes) -> None:
    """Check that conditions name other axes and their labels, and do not form a circle."""
    for name, axis in axes.items():
        for other, labels in axis.when.items():
            if other not in axes or other == name:
                hint = did_you_mean(other, set(axes) - {name})
                raise at(f"no other axis is called '{other}'; {hint}", "axes", name, "when")
            for each in labels:
                if each not in axes[other].choices:
                    hint = did_you_mean(each, axes[other].labels)
                    said = f"axis {other} has no choice '{each}'; {hint}"
                    raise at(said, "axes", name, "when", other)
    try:
        TopologicalSorter({name: set(axis.when) for name, axis in axes.items()}).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        said = f"the conditions form a cycle: {' -> '.join(circle)}"
        raise at(said, "axes", circle[0], "when") from None


def one_axis_a_path(axes: Axes) -> None:
    """Refuse two axes that always set the same path, since the first would change nothing."""
    owner: dict[str, str] = {}
    for name, axis in axes.items():
        if axis.path and not axis.when and owner.setdefault(axis.path, name) != name:
            said = f"axes {owner[axis.path]} and {name} both set {axis.path}"
            raise at(said, "axes", name)


def sides_apart(axes: Axes, *, has_recipe: bool) -> None:
    """Check that an axis changes the network or the recipe, and has conditions on its side only.

    The networks and the recipes of a space can therefore be counted separately.
    """
    for name, axis in axes.items():
        sides = {path.startswith("recipe.") for path in axis.paths}
        if len(sides) > 1:
            raise at("an axis changes the network or the recipe, not both", "axes", name)
        for other in axis.when:
            if axes[other].of_recipe != axis.of_recipe:
                words = ("the network", "the recipe")
                mine, its = words[axis.of_recipe], words[axes[other].of_recipe]
                said = f"a condition of {mine} on {its}: axis {other} changes {its}"
                raise at(said, "axes", name, "when", other)
        if axis.of_recipe and not has_recipe:
            said = "the axis changes the recipe, but the space names none; add `recipe:`"
            raise at(said, "axes", name)
        for path in axis.paths:
            if axis.of_recipe and path.split(".")[1] in _SHARED:
                raise at(f"{path} is the same in all trials of a study", "axes", name)


def at(said: str, *keys: str) -> PydanticCustomError:
    """Return an error with a message about these keys of the space."""
    return PydanticCustomError("at_path", "{said}", {"said": said, "path": keys})
