"""The side of the images that a training uses, where the caller says it beside the recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designspace.errors import InputError

KEY = "input_size"


def with_size(
    changes: Mapping[str, Any],
    input_size: int | None,
    spec_size: int | None = None,
    *,
    names: tuple[str, str] = ("input_size", "recipe_changes:"),
) -> dict[str, Any]:
    """The changes of a recipe, with the side of the images among them.

    Args:
        changes: Values by dotted path.
        input_size: The side that the caller gives, which is a part of the recipe.
        spec_size: The side to which the network was changed, used where the others give none.
        names: What the caller knows `input_size` and `changes` as, for the message.

    Raises:
        InputError: The two disagree.
    """
    if input_size is not None and changes.get(KEY, input_size) != input_size:
        own, other = names
        raise InputError(f"{input_size} contradicts {other} {KEY}={changes[KEY]}", path=own)
    size = input_size or spec_size
    return dict(changes) if size is None or KEY in changes else {**changes, KEY: size}
