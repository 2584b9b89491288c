"""Pickled checkpoints, without running code: torch's formats, and plain pickles.

torch reads its own files with an unpickler that only knows tensors and plain data. A plain pickle
(`pickle.dump`, as in detectron2's model zoo) is not one of torch's formats. It is read here by an
unpickler that finds only plain data and the functions that rebuild tensors and arrays.
"""

from __future__ import annotations

import argparse
import io
import pathlib
import pickle
import re
import struct
import types
from collections import OrderedDict, defaultdict
from functools import cache
from typing import Any, cast

import numpy as np
import torch

from designspace.errors import InputError

UNREADABLE = (
    *(RuntimeError, EOFError, LookupError, ValueError, TypeError, AttributeError),
    *(struct.error, OverflowError, MemoryError, RecursionError, AssertionError, ImportError),
)
"""Errors that torch and pickle raise for bytes that are no checkpoint, beside `UnpicklingError`."""

_MAGIC = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"  # torch's number, in a pickle
_GLOBAL = re.compile(r"(?:GLOBAL|[Uu]nsupported class) ([\w.<>]+)")
_HARMLESS: tuple[Any, ...] = (
    argparse.Namespace,
    types.SimpleNamespace,
    pathlib.PosixPath,
    pathlib.PurePosixPath,
    np.ndarray,
    np.dtype,
    cast("Any", np)._core.multiarray._reconstruct,
    cast("Any", np)._core.multiarray.scalar,
    *(type(np.dtype(kind)) for kind in "?bBhHiIlLqQefdFDU"),
)
"""Classes and functions of plain data that training code keeps beside its tensors."""


def unpickled(path: pathlib.Path) -> Any:
    """Read the tensors and plain data of a pickled checkpoint.

    Raises:
        InputError: The file is not a checkpoint, or holds an object that only code could rebuild;
            the error names it.
    """
    with path.open("rb") as file:
        start = file.read(64)
    plain = not start.startswith(b"PK") and _MAGIC not in start
    try:
        return _plainly(path) if plain else _by_torch(path)
    except pickle.UnpicklingError as error:
        raise _refused(path, str(error)) from None
    except UNREADABLE as error:
        raise InputError(f"not a checkpoint: {_reason(error)}", file=str(path)) from None


def _by_torch(path: pathlib.Path) -> Any:
    """Read torch's format from an open file, because torch judges a path by its suffix."""
    with path.open("rb") as file, torch.serialization.safe_globals(list(_HARMLESS)):
        return torch.load(file, map_location="cpu", weights_only=True)


def _plainly(path: pathlib.Path) -> Any:
    with path.open("rb") as file:
        return _Unpickler(file).load()


class _Unpickler(pickle.Unpickler):
    """An unpickler that finds only the objects that rebuild tensors and plain data."""

    def find_class(self, module: str, name: str, /) -> Any:
        """Return the object of this name.

        Raises:
            UnpicklingError: The object is not a known one.
        """
        found = _known().get(f"{module}.{name}")
        if found is None:
            raise pickle.UnpicklingError(f"GLOBAL {module}.{name}")
        return found


@cache
def _known() -> dict[str, Any]:
    """Return the objects that a plain pickle may name, under every module that held them."""
    arrays = cast("Any", np)._core
    rebuild = cast("Any", torch)._utils
    found: dict[str, Any] = {f"{each.__module__}.{each.__qualname__}": each for each in _HARMLESS}
    for core in ("numpy.core", "numpy._core"):
        found[f"{core}.multiarray._reconstruct"] = arrays.multiarray._reconstruct
        found[f"{core}.multiarray.scalar"] = arrays.multiarray.scalar
        found[f"{core}.numeric._frombuffer"] = arrays.numeric._frombuffer
    return found | {
        "torch._utils._rebuild_tensor_v2": rebuild._rebuild_tensor_v2,
        "torch._utils._rebuild_parameter": rebuild._rebuild_parameter,
        "torch.storage._load_from_bytes": _storage,
        "torch.Size": torch.Size,
        "torch.device": torch.device,
        "collections.OrderedDict": OrderedDict,
        "collections.defaultdict": defaultdict,
        "_codecs.encode": _encode,
        "builtins.set": set,
        "builtins.frozenset": frozenset,
        "builtins.slice": slice,
        "builtins.complex": complex,
    }


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """Rebuild bytes as protocol 2 writes them, only from the encoding that it uses."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"bytes in '{encoding}'")
    return text.encode("latin1")


def _storage(content: bytes) -> Any:
    """Read a storage in torch's own format within a pickle; torch's own function would run code."""
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _refused(path: pathlib.Path, said: str) -> InputError:
    found = _GLOBAL.search(said)
    if found is None:
        return InputError(f"not a checkpoint: {_reason(said)}", file=str(path))
    return InputError(
        f"holds more than tensors and plain data, which is never loaded: '{found[1]}'",
        file=str(path),
        hint="save its state dict alone: torch.save(model.state_dict(), FILE)",
    )


def _reason(error: BaseException | str) -> str:
    """Return the cause in a few words, without torch's advice to load code."""
    said = str(error) or type(error).__name__
    if "failed reading zip archive" in said or "failed finding central directory" in said:
        return "a truncated or damaged zip archive"
    if "TorchScript" in said:
        return "a TorchScript archive, which is code; save its state dict instead"
    if "weights_only" in said or "Weights only" in said:
        cause = re.search(r"WeightsUnpickler error: *(.+)", said)
        said = cause[1] if cause else "not a file of tensors and plain data in torch's format"
    if "invalid load key" in said or "Invalid magic number" in said:
        return "neither safetensors nor a pickle"
    first = next((line.strip() for line in said.splitlines() if line.strip()), "broken")
    return first.rstrip(".:")[:200]
