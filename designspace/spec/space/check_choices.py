"""Every choice of a space is tried on its base, so that nothing is found wrong in mid-study.

One that the base does not take may still suit other choices, as RegNet's numbers do; it is tried
with some of these before it is refused.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, cast

from designspace.errors import InputError
from designspace.spec.documents.document import Document, Keys

if TYPE_CHECKING:
    from designspace.spec.space.space import Point, Space

TRIES = 256  # combinations of other choices


def try_choices(space: Space, document: Document) -> None:
    """Make each choice alone, with the first choices that its conditions ask for, or with others.

    Raises:
        InputError: A choice that cannot be made, with the line on which it was written.
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
    """Whether a choice can be made together with some choices of the other axes of its side."""
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
    """The first labels with which an axis has an effect, and those with which they do."""
    point: Point = {}
    for other, labels in space.axes[name].when.items():
        point |= conditions_of(space, other) | {other: labels[0]}
    return point


def written_at(document: Document, name: str, index: int) -> Keys:
    """The keys under which a choice was written."""
    choices: Any = document.data["axes"][name].get("choices")
    inner = list(map(str, cast("dict[Any, Any]", choices))) if isinstance(choices, dict) else None
    return ("axes", name, "choices", inner[index] if inner else index)
