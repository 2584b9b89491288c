"""The side of the training images, if the command line sets it."""

from __future__ import annotations

from typing import Any

from designspace.api.sizes import KEY, with_size
from designspace.spec.documents.changes import parse_set


def recipe_changes(
    words: list[str] | None, input_size: int | None, spec_size: int | None = None
) -> dict[str, Any]:
    """Return the changes of the recipe, including the side of the images.

    Args:
        words: Words of `--recipe-set`, of the form `path=value`.
        input_size: Side from `--input-size`, which belongs to the recipe.
        spec_size: Side from `--set input_size`, used if the others give none.

    Raises:
        InputError: A word is wrong, or two options disagree.
    """
    changes = parse_set(words or [], "--recipe-set")
    return with_size(changes, input_size, spec_size, names=("--input-size", "--recipe-set"))


def changed_size(words: list[str] | None, size: int) -> int | None:
    """Return the network's size if `--set` changed it, else None."""
    return size if KEY in parse_set(words or []) else None
