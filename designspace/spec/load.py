"""Loading a network: from a name, a file, plain data, with changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from designspace.errors import InputError
from designspace.spec import catalog
from designspace.spec.changes import apply
from designspace.spec.files import Document, read_yaml
from designspace.spec.network import Network
from designspace.spec.published import KEYS as FACTS
from designspace.spec.validation import validate

Source = str | Path | Mapping[str, Any] | Network
_DEPTH = 16
_BESIDE_BASE = ("name", *FACTS)


def load(source: Source, changes: Mapping[str, Any] | None = None) -> Network:
    """A network from a catalog name, a YAML file, plain data or another network.

    Args:
        source: What to load. A file is either a whole network or `base:` with `changes:`.
        changes: Further changes, values by dotted path, made in order on the authored form.

    Raises:
        InputError: What is wrong, with its file, line and path.
    """
    document = authored(source)
    if changes:
        document = apply(without_facts(document), changes)
    network = validate(Network, document)
    network.authored.update(document.data)
    return network


def authored(source: Source, depth: int = 0) -> Document:
    """What was written, with every `base:` followed and its changes made.

    Raises:
        InputError: A missing base, or bases that go round in a circle.
    """
    if isinstance(source, Network):
        return Document(source.authored)
    if isinstance(source, Mapping):
        return _rebased(Document(dict(source)), Path(), depth)
    path = catalog.find(source, "specs", "network")
    return _rebased(read_yaml(path), path.parent, depth)


def _rebased(document: Document, folder: Path, depth: int) -> Document:
    """Follow `base:`; a base is a catalog name or a path relative to the file that names it."""
    data = document.data
    if not isinstance(data, dict) or "base" not in data:
        return document
    origin = document.origin(("base",))
    if depth > _DEPTH:
        raise InputError("bases go round in a circle", file=origin.file, line=origin.line)
    mapping = cast("dict[str, Any]", data)
    _only_known_keys(document, mapping)
    base = mapping["base"]
    beside = folder / str(base)
    base = beside if isinstance(base, str) and beside.is_file() else base
    result = without_facts(authored(base, depth + 1))
    changes: dict[str, Any] = mapping.get("changes") or {}
    for path, value in changes.items():
        result = apply(result, {path: value}, document.origin(("changes", path)))
    for key in _BESIDE_BASE:
        if key in mapping:
            result = _moved(result, document, key)
    return result


def without_facts(document: Document) -> Document:
    """The document without what is known of that very network only."""
    if not isinstance(document.data, dict):
        return document  # refused later, with its line
    data = cast("dict[str, Any]", document.data)
    kept = {key: value for key, value in data.items() if key not in FACTS}
    return Document(kept, document.origins)


def _moved(result: Document, document: Document, key: str) -> Document:
    """The result with one key of the other document, and the lines on which it was written."""
    origins = {keys: at for keys, at in document.origins.items() if keys[:1] == (key,)}
    return Document(result.data | {key: document.data[key]}, result.origins | origins)


def _only_known_keys(document: Document, mapping: dict[str, Any]) -> None:
    for key in mapping:
        if key not in ("base", "changes", *_BESIDE_BASE):
            origin = document.origin((key,))
            raise InputError(
                f"unknown key '{key}' beside `base:`",
                file=origin.file,
                line=origin.line,
                hint="write it under `changes:`",
            )
    if not isinstance(mapping.get("changes") or {}, dict):
        origin = document.origin(("changes",))
        raise InputError(
            "changes are a mapping of path to value",
            file=origin.file,
            line=origin.line,
            path="changes",
        )
