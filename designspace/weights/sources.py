"""Where weights come from: a mapping, a file, or timm. Nothing here unpickles code."""

from __future__ import annotations

import argparse
import json
import logging
import pickle
import struct
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import safetensors
import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from designspace.errors import InputError, did_you_mean
from designspace.library_warnings import silenced
from designspace.naming import find_weights
from designspace.weights.preprocessing import Preprocessing

_NESTED = ("state_dict_ema", "model_ema", "state_dict", "model")
"""Keys under which checkpoints keep their tensors; the averaged ones, which are measured, first."""

UNREADABLE = (RuntimeError, EOFError, LookupError, ValueError, TypeError, struct.error)
"""What torch raises for bytes that are no checkpoint, beside `UnpicklingError`."""

_PREFIXES = ("module.", "_orig_mod.")
_TIMM = "timm:"
_PICKLED = (".pt", ".pth", ".bin", ".ckpt", ".tar")


@dataclass(frozen=True)
class Weights:
    """Tensors under the names that they came with.

    Attributes:
        name: Where they are from, for people.
        tensors: The tensors.
        facts: What `save_weights` wrote beside them.
        preprocessing: The input that they were trained for, where the source says it.
    """

    name: str
    tensors: dict[str, Tensor]
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    preprocessing: Preprocessing | None = None


Source = Weights | Mapping[str, Any] | str | Path


@silenced()
def read_weights(source: Source) -> Weights:
    """The tensors of a mapping, a file, a run, a trial (`STUDY:TRIAL`) or `timm:NAME[.TAG]`.

    Raises:
        InputError: There is nothing there, it is broken, or holds more than tensors.
    """
    if isinstance(source, Weights):
        return source
    if isinstance(source, Mapping):
        return Weights("the state dict", _tensors(source, None))
    found = find_weights(source)
    return _from_file(found) if isinstance(found, Path) else _from_timm(found.removeprefix(_TIMM))


@silenced()
def read_facts(path: Path) -> dict[str, Any]:
    """What `save_weights` wrote beside the weights; empty for a file from elsewhere.

    Raises:
        InputError: The file is missing, is no safetensors file, or its facts cannot be read.
    """
    _exists(path)
    try:
        with cast("Any", safetensors.safe_open(path, framework="pt")) as file:
            metadata: dict[str, str] = file.metadata() or {}
    except SafetensorError as error:
        raise InputError(f"no safetensors file: {error}", file=str(path)) from None
    try:
        facts: Any = json.loads(metadata.get("designspace", "{}"))
    except json.JSONDecodeError:
        facts = None
    if not isinstance(facts, dict):
        raise InputError("what is written beside the weights cannot be read", file=str(path))
    return cast("dict[str, Any]", facts)


def _from_file(path: Path) -> Weights:
    _exists(path)
    if path.suffix in _PICKLED:
        return Weights(str(path), _tensors(_unpickled(path), str(path)))
    facts = read_facts(path)
    given = facts.get("input")
    known = Preprocessing.from_facts(given) if given else None
    return Weights(str(path), _tensors(load(path.read_bytes()), str(path)), facts, known)


def _exists(path: Path) -> None:
    if not path.is_file():
        raise InputError("no such weights file", file=str(path))


def _unpickled(path: Path) -> Mapping[str, Any]:
    """Tensors, plain data, and the arguments that training codes keep beside them; no code."""
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        first = str(error).splitlines()[0]
        raise InputError(
            f"holds more than tensors and plain data, which is never loaded ({first})",
            file=str(path),
            hint="save its state dict alone",
        ) from None
    except UNREADABLE as error:
        raise InputError(f"no checkpoint: {error}", file=str(path)) from None
    if not isinstance(found, Mapping):
        raise InputError(f"holds a {type(found).__name__}, not a state dict", file=str(path))
    return cast("Mapping[str, Any]", found)


def _tensors(found: Mapping[str, Any], file: str | None) -> dict[str, Tensor]:
    """The mapping of tensors within, with wrappers' prefixes off."""
    for key in _NESTED:
        inner = found.get(key)
        if isinstance(inner, Mapping) and inner:
            return _tensors(cast("Mapping[str, Any]", inner), file)
    other = [name for name, value in found.items() if not isinstance(value, Tensor)]
    if other or not found:
        what = f"'{other[0]}' is no tensor" if other else "there are no tensors"
        raise InputError(f"no state dict: {what}", file=file)
    tensors: dict[str, Tensor] = dict(found)
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors


def _from_timm(name: str) -> Weights:
    import timm

    base, _, tag = name.partition(".")
    if not timm.is_model(base):
        raise InputError(f"timm has no model '{base}'", hint=did_you_mean(base, timm.list_models()))
    tags = [known.partition(".")[2] for known in timm.list_pretrained(f"{base}.*")]
    if tag not in ("", *tags) or not tags:
        hint = did_you_mean(tag, tags) if tags else None
        raise InputError(f"timm has no weights '{tag}' of '{base}'", hint=hint)
    try:
        with _quiet():
            model = timm.create_model(name, pretrained=True)
    except (OSError, RuntimeError) as error:
        first = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise InputError(
            f"timm cannot load '{name}': {first}",
            hint="it needs the network once, or the Hugging Face cache filled",
        ) from None
    known = Preprocessing.from_timm(cast("Any", model.pretrained_cfg))
    return Weights(f"{_TIMM}{name}", model.state_dict(), preprocessing=known)


@contextmanager
def _quiet() -> Generator[None]:
    """Without the hub's own lines about each of its attempts."""
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
