"""The differences between two descriptions of a training or a study, as text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

_SHOWN = 3  # differences per message
_LONG = 48  # characters of a value
_NOTHING = object()


def differing(was: Mapping[str, Any], now: Mapping[str, Any], *ignored: str) -> str:
    """Describe the values that differ, as `epochs 8 there, 3 here; lr 0.1 there, none here`.

    Args:
        was: Description in the directory, as plain data.
        now: Requested description, as plain data.
        ignored: Keys of the outermost mapping to ignore, such as a digest of the rest.

    Returns:
        The first few differences by path, with the number of further ones; empty if there are none.
        A key that only one side has counts as `none` on the other.
    """
    a, b = ({key: side[key] for key in side if key not in ignored} for side in (was, now))
    found = [f"{path} {_short(old)} there, {_short(new)} here" for path, old, new in _walk(a, b)]
    further = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return "; ".join([*found[:_SHOWN], *further])


def _walk(was: Any, now: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield path and values of each difference; enter mappings and nested lists of equal length."""
    parts = _parts(was, now)
    if parts is None:
        if _plain(was) != _plain(now):
            yield path, was, now
        return
    for key, (a, b) in parts.items():
        yield from _walk(a, b, f"{path}.{key}" if path else key)


def _parts(was: Any, now: Any) -> dict[str, tuple[Any, Any]] | None:
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        a, b = cast("Mapping[Any, Any]", was), cast("Mapping[Any, Any]", now)
        return {str(key): (a.get(key, _NOTHING), b.get(key, _NOTHING)) for key in {**a, **b}}
    if isinstance(was, (list, tuple)) and isinstance(now, (list, tuple)):
        left, right = cast("list[Any]", was), cast("list[Any]", now)
        deep = any(isinstance(value, (Mapping, list, tuple)) for value in (*left, *right))
        if deep and len(left) == len(right):
            pairs = zip(left, right, strict=True)
            return {str(number): pair for number, pair in enumerate(pairs)}
    return None


def _plain(value: Any) -> str:
    """Return a value as text: a tuple equals a list, and a missing value differs from null."""
    return "" if value is _NOTHING else json.dumps(value, sort_keys=True, default=str)


def _short(value: Any) -> str:
    if value is _NOTHING:
        return "none"
    text = value if isinstance(value, str) else _plain(value)
    return text if len(text) <= _LONG else f"{text[: _LONG - 3]}..."
