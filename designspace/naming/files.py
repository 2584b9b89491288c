"""Networks that a file names: a YAML file, or a weights file of ours, which contains its spec."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from designspace.errors import InputError
from designspace.naming.header import is_weights_file, read_header
from designspace.naming.named import Named
from designspace.records.run import NAME
from designspace.records.study.study import LEDGER, META
from designspace.spec.documents.document import Document, Origin, read_yaml
from designspace.spec.network.load import load

YAML = (".yaml", ".yml")
FOREIGN = (".pt", ".pth", ".pyth", ".th", ".pkl", ".bin", ".ckpt", ".tar", ".onnx", ".pt2", ".npz")
_TASK = ("num_classes", "in_channels", "classes", "input")
_OTHER = {
    "axes": ("a space", "pass it to `designspace search --space {file}`"),
    "steps": ("a ladder", "name one of its steps, {file}:STEP; `designspace ladder` lists them"),
    "epochs": ("a recipe", "pass it to `--recipe {file}`"),
}
"""Descriptions and hints for our other kinds of YAML files, by a key that only they have."""


def of_file(name: str, path: Path, changes: Mapping[str, Any]) -> Named:
    """Return the network that a file holds, with changes to its spec.

    Raises:
        InputError: The file holds no network; the message says what it holds instead.
    """
    if is_weights_file(path):
        return of_weights(name, path).changed(changes)
    _require_spec(name, path)
    spec = load(path, changes)
    title = spec.name or path.stem
    return Named(
        name, "spec file", title, spec, missing="a YAML file holds only a spec, no weights"
    )


def of_weights(name: str, path: Path) -> Named:
    """Return the network whose spec is in a weights file of ours.

    Raises:
        InputError: The file does not have this format, or it contains no spec.
    """
    facts, _ = read_header(path)
    written = facts.get("spec")
    if not isinstance(written, dict):
        raise InputError(
            "contains no spec, so it names no network",
            file=name,
            hint=f"name the network, and pass these weights with --weights {name}",
        )
    spec = load(Document(written, {(): Origin(name)}))
    classes = facts.get("num_classes")
    known = f" for {classes} classes" if classes is not None else ""
    return Named(
        name=name,
        sort="weights file",
        title=path.stem,
        spec=spec,
        weights=path,
        missing="",
        facts=facts,
        says=f"{name} holds {spec.name or 'a network'}{known}",
    )


def task_of(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of a weights file that concern its task."""
    return {key: facts[key] for key in _TASK if key in facts}


def _require_spec(name: str, path: Path) -> None:
    if path.suffix.lower() in FOREIGN:
        raise InputError(
            "contains no spec of ours, so it names no network",
            file=name,
            hint=f"name the network, and pass the weights with --weights {name}",
        )
    if path.name == NAME:
        raise InputError("is the record of a run", file=name, hint=f"name the run: {path.parent}")
    if path.name in (META, LEDGER):
        hint = f"name a trial: {path.parent}:winner or {path.parent}:0"
        raise InputError("is a file of a study, not a network", file=name, hint=hint)
    data: Any = read_yaml(path).data
    if not isinstance(data, dict) or "depths" in data:
        return  # `load` reports its errors with their lines
    for key, (what, remedy) in _OTHER.items():
        if key in cast("dict[Any, Any]", data):
            hint = remedy.format(file=name)
            raise InputError(f"is {what}, not a network", file=name, hint=hint)
