"""The resolver of names: finds the network that a word on the command line or in Python names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from designspace.errors import InputError, did_you_mean, nearest
from designspace.naming.directories import holds_training, of_directory, of_trial
from designspace.naming.files import FOREIGN, YAML, of_file
from designspace.naming.header import SUFFIX
from designspace.naming.named import Named
from designspace.naming.timm_names import PREFIX, catalog_network
from designspace.records.study.study import META
from designspace.records.study.trial_names import parted
from designspace.spec.documents import catalog
from designspace.spec.documents.document import is_directory, is_file
from designspace.spec.network.load import Source, load

_STUDIES = "runs"


def find_network(name: Source | Named, changes: Mapping[str, Any] | None = None) -> Named:
    """Find the network that a name stands for, with its trained weights if it has some.

    A name is tried in this order:

    1. a file or a directory: a YAML file; a weights file of ours, which contains its spec; the
       directory of a run;
    2. `LADDER:STEP`, a step of a ladder of the catalog or of a YAML file;
    3. `STUDY:TRIAL` or `STUDY:winner`, a trial of a study's directory, by its number;
    4. a name of the catalog;
    5. `timm:NAME[.TAG]`, the catalog's network of the same architecture, with timm's weights.

    Nothing is built or downloaded, and of the weights only the header is read. `Named.weights` says
    where they are; pass it to `designspace.weights.read_weights`.

    Args:
        name: Name; plain data and networks are accepted too.
        changes: Changes to the spec, values by dotted path. The weights are kept only if the
            changes leave the architecture as it was.

    Raises:
        InputError: The name stands for nothing, or for something other than a network.
    """
    if isinstance(name, Named):
        return name.changed(changes or {})
    if isinstance(name, str | Path):
        return _found(str(name), changes or {})
    spec = load(name, changes)
    title = spec.name or "network"
    return Named(title, "data", title, spec, missing="plain data is only a spec, without weights")


def find_weights(name: str | Path) -> Path | str:
    """Find the weights that a name stands for: a file of any layout, or a name of `find_network`.

    Returns:
        A path (of a file that may not exist, or of another library's directory that contains one),
        or `timm:NAME[.TAG]`.

    Raises:
        InputError: A run or a trial has no weights; the message says why.
    """
    text = str(name)
    path = Path(text)
    if is_file(path) or (text.startswith(PREFIX) and not parted(text)):
        return path if is_file(path) else text
    if parted(text) or (is_directory(path) and holds_training(path)):
        return find_network(text).trained
    return path


def _found(name: str, changes: Mapping[str, Any]) -> Named:
    path = Path(name)
    if not name.strip():
        raise InputError("no network is named: the name is empty")
    if is_file(path):
        return of_file(name, path, changes)
    if is_directory(path):
        return _of_directory(name, path, changes)
    if path.suffix in YAML:
        raise InputError("no such network file", file=name)
    head, colon, _ = name.rpartition(":")
    if colon:
        return _of_two_parts(name, head, changes)
    if "/" in name or path.suffix.lower() in (SUFFIX, *FOREIGN):
        raise _no_such_path(name, path)
    return _of_catalog(name, changes)


def _of_directory(name: str, path: Path, changes: Mapping[str, Any]) -> Named:
    """Return a directory's network; without one, the catalog's network of the same name."""
    try:
        return of_directory(name, path).changed(changes)
    except InputError:
        if not catalog.ships(name, "specs"):
            raise
        said = f"the directory '{name}' holds no run, so '{name}' is the catalog's network"
        return replace(_of_catalog(name, changes), says=said)


def _of_two_parts(name: str, head: str, changes: Mapping[str, Any]) -> Named:
    """Return the network of `LADDER:STEP`, `STUDY:TRIAL` or `timm:NAME`."""
    if _is_ladder(head):
        spec = load(name, changes)
        return Named(
            name,
            "ladder step",
            name,
            spec,
            missing="a step of a ladder is only a spec, without weights",
        )
    study = parted(name)
    if study:
        return of_trial(name, *study).changed(changes)
    if name.startswith(PREFIX):
        return _of_timm(name).changed(changes)
    if catalog.ships(head, "search", "axes"):
        catalog.find(head, "search", "ladder", "steps")  # raises: it is a space
    known = [*catalog.names("search", "steps"), *_studies()]
    raise InputError(f"no ladder and no study is called '{head}'", hint=did_you_mean(head, known))


def _is_ladder(head: str) -> bool:
    path = Path(head)
    return is_file(path) or path.suffix in YAML or catalog.ships(head, "search", "steps")


def _of_catalog(name: str, changes: Mapping[str, Any]) -> Named:
    spec = load(name, changes)
    return Named(
        name, "catalog", spec.name or name, spec, missing="the catalog holds only specs, no weights"
    )


def _of_timm(name: str) -> Named:
    theirs = name.removeprefix(PREFIX)
    ours, changes = catalog_network(theirs)
    changed = f" with {', '.join(changes)} as timm has it" if changes else ""
    return Named(
        name=name,
        sort="timm",
        title=theirs,
        spec=load(ours, changes),
        weights=name,
        missing="",
        says=f"{name} is the catalog's {ours}{changed}",
    )


def _no_such_path(name: str, path: Path) -> InputError:
    """Return the error for a wrong path, with the nearest entry of its directory."""
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except (OSError, ValueError):  # no such directory, or an invalid name
        names = []
    if path.name in names:
        return InputError("neither a file nor a directory", file=name)
    near = nearest(path.name, names)
    hint = f"did you mean '{path.with_name(near)}'?" if near else None
    return InputError("no such file or directory", file=name, hint=hint)


def _studies() -> list[str]:
    """Return the studies in the directory that a search uses by default."""
    return [str(path.parent) for path in Path(_STUDIES).glob(f"*/{META}")]
