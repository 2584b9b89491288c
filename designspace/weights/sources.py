"""Sources of weights: a mapping, a file, a directory, or timm. Nothing here runs code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from torch import Tensor

from designspace.errors import InputError
from designspace.library_warnings import silenced
from designspace.naming import find_weights
from designspace.weights.integrity import require_intact
from designspace.weights.preprocessing import Preprocessing
from designspace.weights.reading.containers import TensorSet, contents, tensor_sets
from designspace.weights.reading.files import contents_of, is_safetensors, located, metadata_of
from designspace.weights.reading.hub import TIMM, from_timm
from designspace.weights.reading.pickles import UNREADABLE as UNREADABLE
from designspace.weights.reading.published import published_settings
from designspace.weights.reading.tensors import plain_tensors

_FACTS = "designspace"


@dataclass(frozen=True)
class Weights:
    """Tensors under the names that they came with.

    Attributes:
        name: Name of the source, for people.
        tensors: Tensors of the set that is tried first.
        facts: Facts that `save_weights` wrote beside them.
        preprocessing: Input that they were trained for; None if the source does not state it.
        sets: All sets of tensors in the source, in the order in which they are tried.
        notes: Sentences about the tensors, such as about values that are not finite.
    """

    name: str
    tensors: dict[str, Tensor]
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    preprocessing: Preprocessing | None = None
    sets: tuple[TensorSet, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def license(self) -> str | None:
        """License of the weights; None if the source does not state it."""
        return self.preprocessing.license if self.preprocessing else None


Source = Weights | Mapping[str, Any] | str | Path


@silenced()
def read_weights(source: Source) -> Weights:
    """Read the tensors of a mapping, a file or its directory, a run, a trial or `timm:NAME[.TAG]`.

    Raises:
        InputError: The source is missing or broken, or holds more than tensors and plain data.
    """
    if isinstance(source, Weights):
        return source
    if isinstance(source, Mapping):
        return _weights("the state dict", source, None)
    found = find_weights(source)
    if isinstance(found, Path):
        return _from_file(found)
    full, tensors, settings = from_timm(found.removeprefix(TIMM))
    return _weights(TIMM + full, tensors, None, known=Preprocessing.from_timm(settings))


@silenced()
def read_facts(path: Path) -> dict[str, Any]:
    """Read the facts that `save_weights` wrote beside the weights; empty for a file from elsewhere.

    Raises:
        InputError: The file is missing, is not a safetensors file, or its facts cannot be read.
    """
    written = metadata_of(located(path)).get(_FACTS, "{}")
    try:
        facts: Any = json.loads(written)
    except json.JSONDecodeError:
        facts = None
    if not isinstance(facts, dict):
        raise InputError("the facts beside the weights cannot be read", file=str(path))
    return cast("dict[str, Any]", facts)


def _from_file(given: Path) -> Weights:
    path = located(given)
    facts = read_facts(path) if is_safetensors(path) else {}
    found = contents_of(path)
    if facts:
        require_intact(facts, found, str(path))
    return _weights(str(path), found, str(path), facts, _preprocessing(path, facts))


def _preprocessing(path: Path, facts: Mapping[str, Any]) -> Preprocessing | None:
    """Return the input that the file states, else the settings published beside it."""
    given = facts.get("input")
    if given:
        return Preprocessing.from_facts(given)
    settings = published_settings(path)
    return Preprocessing.from_timm(settings) if settings else None


def _weights(
    name: str,
    found: object,
    file: str | None,
    facts: dict[str, Any] | None = None,
    known: Preprocessing | None = None,
) -> Weights:
    sets = tensor_sets(found)
    if not sets:
        raise InputError(contents(found), file=file)
    readable, notes = plain_tensors(sets, file)
    first = dict(readable[0].tensors)
    return Weights(name, first, facts or {}, known, tuple(readable), notes)
