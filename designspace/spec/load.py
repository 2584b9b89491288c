"""Loading a network: from a name, a file, plain data, with changes."""

from __future__ import annotations

import copy
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
    if isinstance(source, Network) and not changes:
        return source
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
        return Document(copy.deepcopy(source.authored or source.model_dump(mode="json")))
    if isinstance(source, Mapping):
        return _rebased(Document(copy.deepcopy(dict(source))), Path(), depth)
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
    beside = folder / base
    result = without_facts(authored(beside if beside.is_file() else base, depth + 1))
    changes: dict[str, Any] = mapping.get("changes") or {}
    for path, value in changes.items():
        result = apply(result, {path: value}, document.origin(("changes", path)))
    for key in _BESIDE_BASE:
        if key in mapping:
            result = _moved(result, document, key)
    return result


def without_facts(document: Document) -> Document:
    """The document without what is known of that very network only."""
    data: Any = document.data
    if not isinstance(data, dict):
        return document  # refused later, with its line
    whole = cast("dict[str, Any]", data)
    kept = {key: value for key, value in whole.items() if key not in FACTS}
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
    if not isinstance(mapping["base"], str) or not mapping["base"]:
        raise _wrong(document, "base", "a base is a catalog name or a path")
    changes: Any = mapping.get("changes") or {}
    paths = list(cast("dict[Any, Any]", changes)) if isinstance(changes, dict) else [None]
    if not all(isinstance(path, str) for path in paths):
        raise _wrong(document, "changes", "changes are a mapping of path to value")


def _wrong(document: Document, key: str, message: str) -> InputError:
    origin = document.origin((key,))
    return InputError(message, file=origin.file, line=origin.line, path=key)
