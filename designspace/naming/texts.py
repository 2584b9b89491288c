"""The YAML documents that a name stands for: a network, a space, a ladder or a recipe."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from designspace.errors import InputError, did_you_mean
from designspace.naming.files import FOREIGN
from designspace.naming.find import find_network
from designspace.naming.header import is_weights_file, read_header
from designspace.naming.named import Named
from designspace.records.study.trial_names import parted
from designspace.spec.documents import catalog
from designspace.spec.documents.document import dump_yaml, is_directory, is_file, parse, read_yaml
from designspace.spec.recipe.recipe_files import recipe_document

Kind = Literal["network", "space", "ladder", "recipe"]

FOLDERS: Mapping[Kind, tuple[str, str]] = {
    "network": ("specs", ""),
    "space": ("search", "axes"),
    "ladder": ("search", "steps"),
    "recipe": ("specs/recipes", ""),
}
"""Folder of each kind in the catalog, and the key that distinguishes the kind there."""

SHIPPED = "as it ships"
_MARKS: Mapping[str, Kind] = {
    "depths": "network",
    "axes": "space",
    "steps": "ladder",
    "epochs": "recipe",
}
"""Keys that only one kind of file has."""

_DEEPEST = 16  # maximum depth of bases of bases
_SHOWN = 12  # entries of a list in a comment
_BESIDE = ("base", "recipe")  # keys whose value may be a path relative to the file's own folder


@dataclass(frozen=True, slots=True)
class Text:
    """One document that a name stands for.

    Attributes:
        kind: Kind of the document.
        origin: Source, for people.
        yaml: Document; it loads again from any directory.
        facts: Other known facts, for comments above the document.
        named: The network, if it is one.
    """

    kind: Kind
    origin: str
    yaml: str
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    named: Named | None = None

    @property
    def data(self) -> Any:
        """The document as plain data."""
        return parse(self.yaml, file=self.origin).data


def texts_of(name: str) -> list[Text]:
    """Return all documents that a name stands for, the most likely kind first.

    Args:
        name: Name of a network that `find_network` accepts; a catalog name of any kind; a YAML file
            of any kind; `RECIPE:NETWORK`, a variant of a recipe.

    Raises:
        InputError: The name stands for nothing.
    """
    path = Path(name)
    if is_file(path) and not is_weights_file(path) and path.suffix.lower() not in FOREIGN:
        return [_of_file(name, path)]
    shipped = _shipped(name)
    head, colon, network = name.rpartition(":")
    if colon and catalog.ships(head, "specs/recipes") and not parted(name):
        document = recipe_document(name)
        named_recipe = document.data | {"name": f"{head}:{network}"}
        return [Text("recipe", f"variant '{network}' of {head}", dump_yaml(named_recipe))]
    if shipped and not _is_network_directory(path):
        return shipped
    if colon or path.suffix or "/" in name or is_directory(path):
        return _of_network(find_network(name))
    known = {other for where in FOLDERS.values() for other in catalog.names(*where)}
    raise InputError(f"nothing is called '{name}'", hint=did_you_mean(name, known))


def _is_network_directory(path: Path) -> bool:
    if not is_directory(path):
        return False
    try:
        return find_network(path).sort in ("run", "trial")
    except InputError:
        return False


def _shipped(name: str) -> list[Text]:
    """Return the documents of the catalog that have this name."""
    found: list[Text] = []
    for kind, (folder, key) in FOLDERS.items():
        if catalog.ships(name, folder, key):
            file = catalog.root() / folder / f"{name}.yaml"
            named = find_network(file) if kind == "network" else None
            origin = f"{folder}/{name}.yaml, {SHIPPED}"
            found.append(Text(kind, origin, file.read_text(encoding="utf-8"), named=named))
    return found


def _of_file(name: str, path: Path) -> Text:
    """Return a YAML file as a document; relative paths in it become absolute."""
    data, kind = _mapping(path), _kind_of(path)
    named = find_network(path) if kind == "network" else None
    text = path.read_text(encoding="utf-8")
    for key in _BESIDE:
        value = data.get(key)
        if isinstance(value, str) and is_file(path.parent / value):
            text = _pointed(text, key, str((path.parent / value).absolute()))
    return Text(kind, name, text, named=named)


def _kind_of(path: Path, depth: int = 0) -> Kind:
    """Return the kind of a file; if it only changes its base, the kind of the base."""
    data = _mapping(path)
    for key, kind in _MARKS.items():
        if key in data:
            return kind
    base = data.get("base")
    if not isinstance(base, str):
        return "network"
    if is_file(path.parent / base) and depth < _DEEPEST:
        return _kind_of(path.parent / base, depth + 1)
    a_recipe = catalog.ships(base, "specs/recipes") and not catalog.ships(base, "specs")
    return "recipe" if a_recipe else "network"


def _mapping(path: Path) -> dict[str, Any]:
    data: Any = read_yaml(path).data
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}


def _pointed(text: str, key: str, path: str) -> str:
    """Return the text with the value of a key at its top level replaced by a path."""
    line = re.compile(rf"^{key}:[^\n]*$", re.MULTILINE)
    if line.search(text):
        return line.sub(lambda _: f"{key}: {json.dumps(path)}", text, count=1)
    return dump_yaml(parse(text, file=path).data | {key: path})


def _of_network(named: Named) -> list[Text]:
    """Return the spec of a network, and of a training also the recipe."""
    yaml = dump_yaml(named.spec.authored)
    found = [Text("network", named.says or named.name, yaml, _facts(named), named)]
    if named.record is not None:
        recipe = named.record.recipe
        origin = f"the recipe of {named.title} (digest {recipe.digest})"
        found.append(Text("recipe", origin, dump_yaml(recipe.full)))
    return found


def _facts(named: Named) -> dict[str, Any]:
    """Return the known facts about a network besides its spec."""
    facts = {key: value for key, value in named.facts.items() if key not in ("spec", "digest")}
    known: dict[str, Any] = {"digest": named.spec.digest}
    if isinstance(named.weights, Path):
        _, shapes = read_header(named.weights)
        known |= {"weights": str(named.weights), "tensors": len(shapes)}
    elif named.sort in ("run", "trial"):
        known["weights"] = f"none: {named.missing}"
    record = named.record
    if record is not None:
        known |= {"data": record.data.name, "recipe": record.recipe.name, "seed": record.seed}
        facts = {key: value for key, value in facts.items() if key not in known}
    return known | facts


def comment(key: str, value: Any) -> str:
    """Return a fact as a one-line comment; a long list is shortened."""
    if isinstance(value, list) and len(cast("list[Any]", value)) > _SHOWN:
        items = cast("list[Any]", value)
        shown = json.dumps(items[:_SHOWN], ensure_ascii=False)[:-1]
        return f"# {key}: {shown}, ... {len(items)} in all]"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"# {key}: {' '.join(text.split())}"
