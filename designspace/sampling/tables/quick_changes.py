"""Fast changes to plain data, for changes that only replace existing values.

`spec.documents.changes.apply` defines the meaning of a change. This is its most common case,
without the bookkeeping for errors. If a path leads to something that would have to be created or
spelt out first, the data may be left half changed, and the caller applies the changes in the
ordinary way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from designspace.spec.documents.changes import keys_of

Put = tuple[tuple[str | int, ...], str | int, Any]  # keys before the last, last key, value


def puts(changes: Mapping[str, Any]) -> list[Put]:
    """Return changes with the keys of the values that they replace."""
    keys = {path: keys_of(path) for path in changes}
    return [(keys[path][:-1], keys[path][-1], value) for path, value in changes.items()]


def put_all(data: dict[str, Any], wanted: Iterable[Put]) -> bool:
    """Replace existing values; return False if one does not exist."""
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
    """Return a deep copy of plain data."""
    if type(data) is dict:
        return {key: copied(value) for key, value in cast("dict[Any, Any]", data).items()}
    if type(data) is list:
        return [copied(each) for each in cast("list[Any]", data)]
    return data
