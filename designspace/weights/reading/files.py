"""Files of weights: their format, recognised by content, and their tensors.

The suffix (`.pth`, `.bin`, `.ckpt`, `.pyth`, `.PTH`) is a hint for people and does not matter here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import safetensors
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from designspace.errors import InputError
from designspace.weights.reading.pickles import unpickled

_LISTED = 5
_HEADER = 8
_INDEX = ".index.json"
_OTHERS = {
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"7z\xbc\xaf": "a 7-Zip archive; unpack it first",
    b"\x89HDF": "an HDF5 file, as Keras writes; only torch's and safetensors files are read",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself; run `git lfs pull`",
    b"<": "a web page, not weights; the download failed",
}
_IN_FOLDER = (
    "weights.safetensors",
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
_SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".ckpt", ".tar", ".pyth", ".th", ".pkl")


def located(path: Path) -> Path:
    """Return the file itself; for a directory, the file of weights in it.

    Raises:
        InputError: There is no such file, it is empty, or the directory does not show which file to
            read.
    """
    if path.is_dir():
        return _within(path)
    if not path.exists():
        raise InputError("no such weights file", file=str(path))
    if not path.is_file():
        raise InputError("not a regular file", file=str(path))
    if path.stat().st_size == 0:
        raise InputError("not a checkpoint: the file is empty", file=str(path))
    return path


def contents_of(path: Path) -> Any:
    """Read everything in a file, as tensors, arrays and plain data.

    Raises:
        InputError: The file is broken, or holds more than that.
    """
    try:
        with path.open("rb") as file:
            start = file.read(32)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from None
    for magic, said in _OTHERS.items():
        if start.startswith(magic):
            raise InputError(f"not a checkpoint: {said}", file=str(path))
    if path.name.lower().endswith(_INDEX) or start.lstrip()[:1] == b"{":
        return _parts(path)
    return _from_safetensors(path) if is_safetensors(path) else _pickled(path)


def is_safetensors(path: Path) -> bool:
    """Return whether a file is safetensors: the length of a JSON header, then the header."""
    with path.open("rb") as file:
        start = file.read(_HEADER + 1)
    length = int.from_bytes(start[:_HEADER], "little")
    return start[_HEADER:] == b"{" and 0 < length <= path.stat().st_size - _HEADER


def metadata_of(path: Path) -> dict[str, str]:
    """Read the texts in the header of a safetensors file.

    Raises:
        InputError: The file is not a safetensors file.
    """
    try:
        with cast("Any", safetensors.safe_open(path, framework="pt")) as file:
            return file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise InputError(f"not a safetensors file: {error}", file=str(path)) from None


def _from_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load(path.read_bytes())
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise InputError(f"not a safetensors file: {error}", file=str(path)) from None


def _pickled(path: Path) -> Any:
    try:
        return unpickled(path)
    except InputError as error:
        if path.suffix.lower() == ".safetensors" and error.message.startswith("not a checkpoint"):
            said = "not a safetensors file or another checkpoint: its header is missing or damaged"
            raise InputError(said, file=str(path)) from None
        raise


def _within(folder: Path) -> Path:
    named = [folder / name for name in _IN_FOLDER if (folder / name).is_file()]
    if named:
        return located(named[0])
    some = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in _SUFFIXES)
    if len(some) == 1:
        return located(folder / some[0])
    listed = ", ".join(some[:_LISTED]) + (", ..." if len(some) > _LISTED else "")
    hint = f"name one of its files: {listed}" if some else None
    raise InputError("a directory, not a weights file", file=str(folder), hint=hint)


def _parts(index: Path) -> dict[str, Tensor]:
    """Read the tensors of all files that an index (`model.safetensors.index.json`) names."""
    try:
        written = json.loads(index.read_bytes())
    except ValueError:
        written = None
    names = _weight_map(written)
    if not names:
        raise InputError("not a checkpoint: JSON without a weight_map", file=str(index))
    tensors: dict[str, Any] = {}
    for name in sorted(set(names.values())):
        part = index.parent / name
        if Path(name).name != name or not part.is_file():
            raise InputError(f"a part listed in its index is missing: '{name}'", file=str(index))
        tensors |= contents_of(located(part))
    missing = [name for name in names if name not in tensors]
    if missing:
        raise InputError(f"no part holds '{missing[0]}', which its index lists", file=str(index))
    return tensors


def _weight_map(written: object) -> dict[str, str]:
    inner = cast("Any", written).get("weight_map") if isinstance(written, dict) else None
    if not isinstance(inner, Mapping):
        return {}
    pairs = cast("Mapping[str, Any]", inner).items()
    return {name: part for name, part in pairs if isinstance(part, str)}
