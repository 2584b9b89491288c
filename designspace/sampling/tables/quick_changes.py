"""Changes made many times over the same plain data, where all that they replace is there already.

`spec.documents.changes.apply` says what a change means; this is its commonest case without the
bookkeeping for errors. Where a path leads to something that would have to be made or spelt out
first, nothing is promised, and the caller applies the changes in the ordinary way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from designspace.spec.documents.changes import keys_of

Put = tuple[tuple[str | int, ...], str | int, Any]  # the way, the last key, the value


def puts(changes: Mapping[str, Any]) -> list[Put]:
    """Changes as the ways to the values that they replace."""
    keys = {path: keys_of(path) for path in changes}
    return [(keys[path][:-1], keys[path][-1], value) for path, value in changes.items()]


def put_all(data: dict[str, Any], wanted: Iterable[Put]) -> bool:
    """Replace values that are there already; False where one is not."""
    for way, last, value in wanted:
        here: Any = data
        try:
            for key in way:
                here = here[key]
            _ = here[last]
        except (KeyError, IndexError, TypeError):
            return False
        if type(here) is str:
            return False
        here[last] = copied(value)
    return True


def copied(data: Any) -> Any:
    """Plain data anew, as deep as they go."""
    if type(data) is dict:
        return {key: copied(value) for key, value in cast("dict[Any, Any]", data).items()}
    if type(data) is list:
        return [copied(each) for each in cast("list[Any]", data)]
    return data
