"""The facts in the header of a weights file, read without torch.

A safetensors file begins with the length of its header (8 bytes, little-endian) and the header
itself, which is JSON; `__metadata__` in it maps names to text
(https://github.com/huggingface/safetensors#format). Files of ours keep their facts there, as JSON
under `designspace`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from designspace.errors import InputError

SUFFIX = ".safetensors"
KEY = "designspace"
_PREFIX = 8
_LONGEST = 100_000_000  # bytes of a header, as in the library


def is_weights_file(path: Path) -> bool:
    """Return whether a file is of the safetensors format, by its suffix or its first bytes."""
    if path.suffix.lower() == SUFFIX:
        return True
    try:
        with path.open("rb") as file:
            first = file.read(_PREFIX + 1)
    except OSError:
        return False
    return len(first) > _PREFIX and first[_PREFIX:] == b"{" and first[_PREFIX - 1] == 0


def read_header(path: Path) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """Return the facts in a weights file of ours, and the shape of every tensor.

    The facts are empty for a file of another origin.

    Raises:
        InputError: The file cannot be read, or it is not a safetensors file.
    """
    header = _header(path)
    metadata = header.pop("__metadata__", None)
    shapes = {
        name: cast("list[int]", entry["shape"])
        for name, entry in header.items()
        if isinstance(entry, dict) and "shape" in entry
    }
    known = cast("dict[str, Any]", metadata) if isinstance(metadata, dict) else {}
    facts = _mapping(str(known.get(KEY, "{}")))
    if facts is None:
        raise InputError("the facts beside the weights cannot be read", file=str(path))
    return facts, shapes


def _header(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_PREFIX), "little")
            content = file.read(length) if length <= min(_LONGEST, path.stat().st_size) else b""
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from None
    header = _mapping(content)
    if header is None:
        raise InputError("not a safetensors file", file=str(path))
    missing = _PREFIX + length + _end(header) - path.stat().st_size
    if missing > 0:
        raise InputError(f"the file is truncated: {missing:,} bytes are missing", file=str(path))
    return header


def _end(header: Mapping[str, Any]) -> int:
    """Return the end of the last tensor's values, in bytes after the header."""
    entries = [
        cast("dict[str, Any]", entry) for entry in header.values() if isinstance(entry, dict)
    ]
    offsets: list[Any] = [entry.get("data_offsets") for entry in entries]
    pairs = [cast("list[Any]", pair) for pair in offsets if isinstance(pair, list) and pair]
    return max((pair[-1] for pair in pairs if isinstance(pair[-1], int)), default=0)


def _mapping(text: str | bytes) -> dict[str, Any] | None:
    """Return a JSON object; None if the text is not one."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None
