"""The side of the images that a training uses, where the command line says it."""

from __future__ import annotations

from typing import Any

from designspace.api.sizes import KEY, with_size
from designspace.spec.documents.changes import parse_set


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
    return with_size(changes, input_size, spec_size, names=("--input-size", "--recipe-set"))


def changed_size(words: list[str] | None, size: int) -> int | None:
    """Return the network's size where `--set` changed it, else None."""
    return size if KEY in parse_set(words or []) else None
