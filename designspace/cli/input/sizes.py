"""The side of the images that a training uses, where the command line says it."""

from __future__ import annotations

from typing import Any

from designspace.errors import InputError
from designspace.spec.documents.changes import parse_set

_KEY = "input_size"


def recipe_changes(
    words: list[str] | None, input_size: int | None, spec_size: int | None = None
) -> dict[str, Any]:
    """Return the changes of the recipe, with the side of the images among them.

    Args:
        words: The `path=value` words of `--recipe-set`.
        input_size: The side that `--input-size` gives, which is a part of the recipe.
        spec_size: The side that `--set input_size` gives, used where the others give none.

    Raises:
        InputError: A word is wrong, or two options disagree.
    """
    changes = parse_set(words or [], "--recipe-set")
    if input_size is not None and changes.get(_KEY, input_size) != input_size:
        raise InputError(
            f"{input_size} contradicts --recipe-set {_KEY}={changes[_KEY]}", path="--input-size"
        )
    size = input_size or spec_size
    return changes if size is None or _KEY in changes else {**changes, _KEY: size}


def changed_size(words: list[str] | None, size: int) -> int | None:
    """Return the network's size where `--set` changed it, else None."""
    return size if _KEY in parse_set(words or []) else None
