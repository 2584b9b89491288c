"""Try every choice of a space on its base, so that a study does not fail half-way.

A choice that does not fit the base may still fit together with other choices, as with RegNet's
parameters. It is tried with random choices of the other axes before it is refused.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, cast

from designspace.errors import InputError
from designspace.spec.documents.document import Document, Keys

if TYPE_CHECKING:
    from designspace.spec.space.space import Point, Space

TRIES = 256  # random combinations of other choices


def try_choices(space: Space, document: Document) -> None:
    """Try each choice alone with the first labels that its conditions need, or with other choices.

    Raises:
        InputError: A choice fails in all these ways; the error has the line of the choice.
    """
    space.base_network()
    for name, axis in space.axes.items():
        needed = conditions_of(space, name)
        for index, choice in enumerate(axis.labels):
            try:
                _make(space, needed | {name: choice}, of_recipe=axis.of_recipe)
            except InputError as error:
                if _elsewhere(space, name, needed | {name: choice}):
                    continue
                origin = document.origin(written_at(document, name, index))
                raise InputError(
                    f"choice '{choice}' cannot be made: {error.message}",
                    file=origin.file,
                    line=origin.line,
                    path=f"axes.{name}",
                    hint=error.hint,
                ) from None


def _make(space: Space, point: Point, *, of_recipe: bool) -> None:
    if of_recipe:
        space.recipe_spec(point)
    else:
        space.spec(point)


def _elsewhere(space: Space, name: str, point: Point) -> bool:
    """Return whether a choice works together with some choices of the other axes of its side."""
    stream, of_recipe = random.Random(0), space.axes[name].of_recipe
    others = {
        other: axis.labels
        for other, axis in space.axes.items()
        if other not in point and axis.of_recipe == of_recipe
    }
    for _ in range(TRIES if others else 0):
        drawn = {other: stream.choice(labels) for other, labels in others.items()}
        try:
            _make(space, drawn | point, of_recipe=of_recipe)
        except InputError:
            continue
        return True
    return False


def conditions_of(space: Space, name: str) -> Point:
    """Return the first labels that make an axis, and the axes of its conditions, effective."""
    point: Point = {}
    for other, labels in space.axes[name].when.items():
        point |= conditions_of(space, other) | {other: labels[0]}
    return point


def written_at(document: Document, name: str, index: int) -> Keys:
    """Return the keys under which a choice was written."""
    choices: Any = document.data["axes"][name].get("choices")
    inner = list(map(str, cast("dict[Any, Any]", choices))) if isinstance(choices, dict) else None
    return ("axes", name, "choices", inner[index] if inner else index)
