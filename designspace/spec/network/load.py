"""Loading a network from a name, a file or plain data, with changes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from designspace.errors import InputError
from designspace.plugins import plugins_of
from designspace.spec.documents import catalog
from designspace.spec.documents.changes import apply
from designspace.spec.documents.document import Document, Origin, is_directory, is_file, read_yaml
from designspace.spec.documents.inherit import Chain, inherited
from designspace.spec.documents.ladder_file import ResolvedStep, Rungs, resolve_steps
from designspace.spec.documents.needed_plugins import PLUGINS, without_plugins
from designspace.spec.documents.published import KEYS as FACTS
from designspace.spec.documents.validation import validate
from designspace.spec.network.network import Network

Source = str | Path | Mapping[str, Any] | Network | Document
_BESIDE_BASE = ("name", *FACTS)


def load(source: Source, changes: Mapping[str, Any] | None = None) -> Network:
    """Load a network from a catalog name, a YAML file, plain data or another network.

    Args:
        source: Network to load. A file is either a whole network or `base:` with `changes:`; a name
            may also be that of a ladder's step, as in `resnet50_to_convnext_t:kernel_7`.
        changes: Further changes: values by dotted path, applied in order to the authored form.

    Raises:
        InputError: The network is wrong; the error has its file, line and path.
    """
    if isinstance(source, Network) and not changes:
        return source
    document = authored(source)
    if changes:
        document = apply(without_facts(document), changes)
    network = validate(Network, document)
    network.authored.update(document.data)
    if used := plugins_of(network):
        network.authored[PLUGINS] = used
    return network


def authored(source: Source, chain: Chain = ()) -> Document:
    """Return the authored form of a network, with every `base:` followed and its changes applied.

    `chain` holds the files that have been read so far.

    Raises:
        InputError: A base is missing, or the bases form a circle.
    """
    if isinstance(source, Network):
        written = source.authored or source.model_dump(mode="json")
        return without_plugins(Document(copy.deepcopy(written)))
    if isinstance(source, Document):
        return _rebased(source, Path(), chain)
    if isinstance(source, Mapping):
        return _rebased(Document(copy.deepcopy(dict(source))), Path(), chain)
    require_fixed(str(source))
    if landing := step_of(source):
        return landing.document
    path = catalog.find(source, "specs", "network")
    return _rebased(read_yaml(path), path.parent, (*chain, path.resolve()))


def _rebased(document: Document, folder: Path, chain: Chain) -> Document:
    document = without_plugins(document)

    def base(source: str | Path) -> Document:
        require_fixed(str(source), document.origin(("base",)))
        return without_facts(authored(source, chain))

    return inherited(document, folder, base, _BESIDE_BASE, chain)


def require_fixed(name: object, origin: Origin | None = None) -> None:
    """Refuse trained weights, a run or a trial of a study as a base, since they can change.

    Args:
        name: Base as it is written; a base that is not text is accepted.
        origin: Place where it is written.

    Raises:
        InputError: The name has such a form, or is that of a directory; weights and trials need
            not exist.
    """
    if not isinstance(name, str) or (is_file(Path(name)) and not name.endswith(".safetensors")):
        return
    directory = is_directory(Path(name)) and not catalog.ships(name, "specs")
    trained = name.startswith("timm:") or name.endswith(".safetensors")
    if directory or trained or _is_trial(name):
        where = origin or Origin()
        raise InputError(
            f"'{name}' cannot be a base because it can change: a base is a YAML file, a "
            "catalog name "
            "or LADDER:STEP",
            file=where.file,
            line=where.line,
            path="base",
            hint=f"write the spec out first: designspace show {name} > my.yaml",
        )


def _is_trial(name: str) -> bool:
    head, _, word = name.rpartition(":")
    if not head or is_file(Path(head)) or catalog.ships(head, "search", "steps"):
        return False
    return word == "winner" or word.isdecimal() or is_directory(Path(head))


def without_facts(document: Document) -> Document:
    """Return the document without the facts that hold for this exact network only."""
    data: Any = document.data
    if not isinstance(data, dict):
        return document  # refused later, with its line
    whole = cast("dict[str, Any]", data)
    kept = {key: value for key, value in whole.items() if key not in FACTS}
    return replace(document, data=kept)


def step_of(source: object) -> ResolvedStep | None:
    """Return the step that `ladder:step` names; None if the source is something else.

    Raises:
        InputError: There is no such ladder, or it has no such step.
    """
    if not isinstance(source, str) or ":" not in source or is_file(Path(source)):
        return None
    name, _, step = source.rpartition(":")
    ladder, landings = ladder_of(name)
    return landings[ladder.number(step)]


def ladder_of(source: str | Path) -> tuple[Rungs, list[ResolvedStep]]:
    """Load a ladder as it is written, and every step of it.

    Raises:
        InputError: The ladder is wrong; the error has its file, line and path.
    """
    path = catalog.find(source, "search", "ladder", "steps")
    written = without_plugins(read_yaml(path))
    ladder = validate(Rungs, written)
    require_fixed(ladder.base, written.origin(("base",)))
    beside = path.parent / ladder.base if isinstance(ladder.base, str) else None
    base = authored(beside if beside and beside.is_file() else ladder.base)
    return ladder, resolve_steps(ladder, written, without_facts(base))
