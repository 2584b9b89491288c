"""Inheritance: `base:` with `changes:`, a document written as changes to another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from designspace.errors import InputError
from designspace.spec.documents.changes import apply
from designspace.spec.documents.document import Document

_MOST = 16

Chain = tuple[Path, ...]
"""Files that were read on the way to a document, starting with the user's own."""


def inherited(
    document: Document,
    folder: Path,
    read: Callable[[str | Path], Document],
    beside: Sequence[str],
    chain: Chain,
) -> Document:
    """Return the base with the changes applied, or the document itself if it names no base.

    Args:
        document: Document as it was written.
        folder: Folder of its file: a base is a path from there, or a name that `read` knows.
        read: Function that returns the base's document for a name or path.
        beside: Keys that may stand beside `base` and `changes`; they replace those of the base.
        chain: Files that led here, ending with this document's own.

    Raises:
        InputError: A key is not allowed there, or the bases form a circle or are too many.
    """
    data = document.data
    if not isinstance(data, dict) or "base" not in data:
        return document
    mapping = cast("dict[str, Any]", data)
    if len(set(chain)) < len(chain):
        raise _wrong(document, "base", "the bases form a cycle")
    if len(chain) > _MOST:
        raise _wrong(document, "base", f"more than {_MOST} nested bases")
    _only_known_keys(document, mapping, beside)
    near = folder / mapping["base"]
    result = read(near if near.is_file() else mapping["base"])
    changes: dict[str, Any] = mapping.get("changes") or {}
    for path, value in changes.items():
        result = apply(result, {path: value}, document.origin(("changes", path)))
    for key in beside:
        if key in mapping:
            result = _moved(result, document, key)
    return result


def _moved(result: Document, document: Document, key: str) -> Document:
    """Return the result with one key of the other document, and the lines of that key."""
    origins = {keys: at for keys, at in document.origins.items() if keys[:1] == (key,)}
    data = result.data | {key: document.data[key]}
    return replace(result, data=data, origins=result.origins | origins)


def _only_known_keys(document: Document, mapping: dict[str, Any], beside: Sequence[str]) -> None:
    for key in mapping:
        if key not in ("base", "changes", *beside):
            origin = document.origin((key,))
            raise InputError(
                f"unknown key '{key}' beside `base:`",
                file=origin.file,
                line=origin.line,
                hint="write it under `changes:`",
            )
    if not isinstance(mapping["base"], str) or not mapping["base"]:
        raise _wrong(document, "base", "a base is a catalog name or a path")
    changes: Any = mapping.get("changes") or {}
    paths = list(cast("dict[Any, Any]", changes)) if isinstance(changes, dict) else [None]
    if not all(isinstance(path, str) for path in paths):
        raise _wrong(document, "changes", "changes are a mapping of path to value")


def _wrong(document: Document, key: str, message: str) -> InputError:
    origin = document.origin((key,))
    return InputError(message, file=origin.file, line=origin.line, path=key)
