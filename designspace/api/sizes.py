"""The side of the training images, if the caller gives it in addition to the recipe."""

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
    """Return the changes of a recipe, with the side of the images among them.

    Args:
        changes: Changes, values by dotted path.
        input_size: Side that the caller gives, as a part of the recipe [pixels].
        spec_size: Side in the caller's changes to the network, used if the others give none
            [pixels].
        names: Names that the caller uses for `input_size` and `changes`, for the message.

    Raises:
        InputError: `input_size` and the changes disagree.
    """
    if input_size is not None and changes.get(KEY, input_size) != input_size:
        own, other = names
        raise InputError(f"{input_size} contradicts {other} {KEY}={changes[KEY]}", path=own)
    size = input_size or spec_size
    return dict(changes) if size is None or KEY in changes else {**changes, KEY: size}
