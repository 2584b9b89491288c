"""Recipe files: `base:` with `changes:`, and variants for single networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from designspace.errors import InputError, did_you_mean
from designspace.spec.documents import catalog
from designspace.spec.documents.changes import apply
from designspace.spec.documents.document import Document, read_yaml
from designspace.spec.documents.inherit import Chain, inherited

VARIANTS = "variants"
_BESIDE_BASE = ("name", "note", VARIANTS)

Source = str | Path | Mapping[str, Any]


def recipe_document(source: Source, network: str | None = None) -> Document:
    """Return the document of a recipe, with every `base:` followed and a variant applied.

    Args:
        source: Catalog name, YAML file or plain data; `name:network` is the variant for that
            network, which must exist.
        network: Name of the network to train; its variant is used if there is one.

    Raises:
        InputError: There is no recipe of the name, it cannot be read, or it lacks the variant.
    """
    wanted = None
    if isinstance(source, str) and ":" in source and not Path(source).is_file():
        source, _, wanted = source.rpartition(":")
    return _varied(_written(source, ()), wanted, network)


def _written(source: Source, chain: Chain) -> Document:
    if isinstance(source, Mapping):
        return _rebased(Document(dict(source)), Path(), chain)
    path = catalog.find(source, "specs/recipes", "recipe")
    return _rebased(read_yaml(path), path.parent, (*chain, path.resolve()))


def _rebased(document: Document, folder: Path, chain: Chain) -> Document:
    return inherited(document, folder, lambda base: _written(base, chain), _BESIDE_BASE, chain)


def _varied(document: Document, wanted: str | None, network: str | None) -> Document:
    """Return the document without its variants, with the changes of one of them applied."""
    data: Any = document.data
    if not isinstance(data, dict):
        return document  # refused later, with its line
    data = cast("dict[str, Any]", data)
    variants: Any = {} if data.get(VARIANTS) is None else data[VARIANTS]
    plain = replace(document, data={k: v for k, v in data.items() if k != VARIANTS})
    _check(document, variants)
    if wanted is not None and wanted not in variants:
        name = str(data.get("name", "the recipe"))
        hint = did_you_mean(wanted, variants) if variants else "it has none at all"
        raise InputError(f"{name} has no variant '{wanted}'", hint=hint)
    name = wanted or network
    for path, value in variants.get(name, {}).items():
        plain = apply(plain, {path: value}, document.origin((VARIANTS, name or "", path)))
    return plain


def _check(document: Document, variants: Any) -> None:
    every: list[Any] = [None]
    if isinstance(variants, dict):
        every = list(cast("dict[Any, Any]", variants).values())
    if not all(map(_are_changes, every)):
        origin = document.origin((VARIANTS,))
        raise InputError(
            "variants are a mapping of a network's name to changes",
            file=origin.file, line=origin.line, path=VARIANTS,
        )  # fmt: skip


def _are_changes(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(path, str) for path in cast("dict[Any, Any]", value)
    )
