"""Digests: the identity of plain data."""

from __future__ import annotations

import hashlib
import json
from typing import Any, cast


def digest_of(meaning: Any) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of canonical JSON."""
    text = json.dumps(meaning, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def without_null(data: Any) -> Any:
    """Return the data without null values in mappings, at any depth.

    A field that is added later and is off (null) by default therefore does not change the
    identity of existing data.
    """
    if isinstance(data, dict):
        items = cast("dict[str, Any]", data).items()
        return {key: without_null(value) for key, value in items if value is not None}
    if isinstance(data, list):
        return [without_null(item) for item in cast("list[Any]", data)]
    return data
