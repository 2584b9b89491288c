"""Images from `.npz` files, including the packaged set."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from numpy.lib.format import MAGIC_PREFIX, read_array_header_1_0, read_array_header_2_0
from numpy.typing import NDArray

from designspace.errors import InputError
from designspace.images.files.filenames import shown
from designspace.images.split import DecodedSplit, Source

PACKAGED = "fashion-mnist-mini"
BROKEN = (
    *(ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error, struct.error),
    *(MemoryError, OverflowError, RecursionError, NotImplementedError, RuntimeError, KeyError),
)
"""Errors of NumPy for a file that is truncated, foreign, encrypted, pickled or a bare array."""
KEYS = ("train_x", "train_y", "test_x", "test_y")
VAL_KEYS = ("val_x", "val_y")
_INFLATION = 1100
"""Upper bound of the bytes that one deflated byte can stand for."""


def packaged() -> Source:
    """Read Fashion-MNIST mini: 5,000 + 1,000 gray images of 28x28, 10 classes (see its LICENSE)."""
    folder = resources.files("designspace.images") / "datasets" / "fashion_mnist_mini.npz"
    with resources.as_file(folder) as path:
        return read_npz(path, name=PACKAGED)


def read_npz(path: Path, *, name: str | None = None) -> Source:
    """Read images `train_x` and `test_x`, labels `train_y` and `test_y`, and names `classes`.

    Images are uint8, (N, H, W) or (N, H, W, C); the names are optional. If the file holds `val_x`
    and `val_y`, these are used for selection.

    Args:
        path: Path of the file.
        name: Name of the source; None for the name of the file.

    Raises:
        InputError: The file is missing or unreadable, or does not hold these arrays.
    """
    arrays = _load(path)
    absent = [key for key in KEYS if key not in arrays]
    if not absent and len(arrays.keys() & set(VAL_KEYS)) == 1:
        absent = [key for key in VAL_KEYS if key not in arrays]
    if absent:
        found = ", ".join(shown(key) for key in sorted(arrays)) or "nothing"
        raise InputError(f"lacks {', '.join(absent)} (it holds {found})", file=shown(str(path)))
    return from_arrays(arrays, name=name or shown(path.stem), file=shown(str(path)))


def from_arrays(arrays: Mapping[str, NDArray[Any]], *, name: str, file: str) -> Source:
    """Build a source from arrays.

    Args:
        arrays: Arrays of `KEYS`, optionally those of `VAL_KEYS`, and optionally `classes`.
        name: Name of the source.
        file: File or data set, for error messages.

    Raises:
        InputError: An array has the wrong type or shape, or labels are out of range.
    """
    classes = _classes(arrays, file)
    parts = ["train", "test", *(["val"] if VAL_KEYS[0] in arrays else [])]
    splits = [
        _split(arrays[f"{part}_x"], arrays[f"{part}_y"], len(classes), f"{file}: {part}")
        for part in parts
    ]
    train, test = splits[:2]
    for part, split in zip(parts, splits, strict=True):
        if train.pixels.shape[1:] != split.pixels.shape[1:]:
            shapes = f"{tuple(train.pixels.shape[1:])} and {tuple(split.pixels.shape[1:])}"
            said = f"train_x and {part}_x hold images of different shapes, {shapes}"
            raise InputError(said, file=file)
    unused = sorted(shown(key) for key in arrays.keys() - {*KEYS, *VAL_KEYS, "classes"})
    notes = [f"left out the arrays {', '.join(unused)}"] if unused else []
    if len(splits) == 3:
        notes.append("the source's own val split is used for model selection")
    return Source(name, classes, train, test, *splits[2:], notes=tuple(notes))


def _load(path: Path) -> dict[str, NDArray[Any]]:
    if not path.is_file():
        said = "not a regular file" if path.exists() else "no such file"
        raise InputError(said, file=shown(str(path)))
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            _check_sizes(path)
            found: dict[str, Any] = {key: archive[key] for key in archive.files}
        return {key: array for key, array in found.items() if isinstance(array, np.ndarray)}
    except BROKEN as error:
        # NumPy's message would advise to unpickle the file, and may have several lines.
        lines = str(error).splitlines() or [type(error).__name__]
        said = "not an archive of plain arrays" if "pickle" in str(error) else shown(lines[0])
        raise InputError(f"not a readable .npz file ({said})", file=shown(str(path))) from error


def _check_sizes(path: Path) -> None:
    """Compare the sizes in the headers of arrays with the bytes in the file.

    NumPy allocates the size in the header before it reads the array.

    Raises:
        ValueError: An array claims more bytes than its member can hold.
    """
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            with archive.open(member) as stream:
                claimed = _claimed(stream)
            most = member.compress_size * (1 if member.compress_type == 0 else _INFLATION)
            if claimed > min(member.file_size, most + _INFLATION):
                name = member.filename.removesuffix(".npy")
                raise ValueError(f"{name} claims {claimed:,} bytes, more than the file holds")


def _claimed(stream: IO[bytes]) -> int:
    """Return an array's bytes according to its header; 0 if it does not hold plain numbers."""
    if stream.read(len(MAGIC_PREFIX)) != MAGIC_PREFIX:
        return 0
    version = stream.read(2)
    read = read_array_header_1_0 if version[:1] == b"\x01" else read_array_header_2_0
    shape, _, dtype = read(stream)
    return 0 if dtype.hasobject else math.prod(shape) * dtype.itemsize


def _classes(arrays: Mapping[str, NDArray[Any]], file: str) -> tuple[str, ...]:
    """Return the names of the classes; without names, one class per label, with no gap."""
    if "classes" in arrays:
        return _names(arrays["classes"], file)
    labels = arrays["train_y"]
    if not np.issubdtype(labels.dtype, np.integer) or labels.size == 0:
        raise InputError(f"train_y must be integers (got {labels.dtype})", file=file)
    present = np.unique(labels)
    if not np.array_equal(present, np.arange(len(present))):
        raise InputError(
            f"train_y: labels out of range: {len(present)} classes must be labelled 0 to "
            f"{len(present) - 1} (got {present.min()} to {present.max()})",
            file=file,
            hint="if some classes have no image, name all classes in an array 'classes'",
        )
    return tuple(str(value) for value in present)


def _names(names: NDArray[Any], file: str) -> tuple[str, ...]:
    """Return the names of the classes.

    Raises:
        InputError: The array is not a list, the names are not text, or a name occurs twice.
    """
    if names.ndim != 1:
        kind = "one value" if names.ndim == 0 else f"an array of shape {names.shape}"
        raise InputError(f"classes must be a list with one name per class (got {kind})", file=file)
    if names.dtype.kind not in "USiu":
        raise InputError(f"classes must be names (got {names.dtype})", file=file)
    values: list[Any] = names.tolist()
    known = [
        value.decode(errors="surrogateescape") if isinstance(value, bytes) else str(value)
        for value in values
    ]
    twice = sorted({shown(name) for name in known if known.count(name) > 1})
    if twice:
        raise InputError(f"classes names a class twice: {', '.join(twice[:5])}", file=file)
    return tuple(shown(name) for name in known)


def _split(x: NDArray[Any], y: NDArray[Any], num_classes: int, where: str) -> DecodedSplit:
    _check_images(x, where)
    _check_labels(y, len(x), num_classes, where)
    channels_last = x[..., None] if x.ndim == 3 else x
    pixels = torch.from_numpy(np.ascontiguousarray(channels_last.transpose(0, 3, 1, 2)))
    return DecodedSplit(pixels, torch.from_numpy(y.astype(np.int64)))


def _check_images(x: NDArray[Any], where: str) -> None:
    if x.dtype != np.uint8:
        raise InputError(f"{where}_x must be uint8 (got {x.dtype})")
    if x.ndim not in (3, 4) or (x.ndim == 4 and x.shape[3] not in (1, 3)):
        raise InputError(f"{where}_x must be (N,H,W) or (N,H,W,C) with C 1 or 3 (got {x.shape})")
    if 0 in x.shape:
        raise InputError(f"{where}_x holds no image (got {x.shape})")


def _check_labels(y: NDArray[Any], count: int, num_classes: int, where: str) -> None:
    if y.ndim != 1 or not np.issubdtype(y.dtype, np.integer):
        raise InputError(f"{where}_y must be a row of integers (got {y.dtype}, {y.shape})")
    if len(y) != count:
        raise InputError(f"{where}_x has {count} images, {where}_y has {len(y)} labels")
    if y.min() < 0 or y.max() >= num_classes:
        first = int(np.flatnonzero((y < 0) | (y >= num_classes))[0])
        raise InputError(
            f"{where}_y[{first}]: label {y[first]} out of range: {num_classes} classes are "
            f"labelled 0 to {num_classes - 1}"
        )
