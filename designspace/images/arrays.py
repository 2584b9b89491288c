"""Images from `.npz` files, the packaged set among them."""

# Torch and timm leave some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from designspace.errors import InputError
from designspace.images.split import Images, Source

PACKAGED = "fashion-mnist-mini"
# What NumPy raises for a file that is cut, foreign, pickled or a bare array.
BROKEN = (ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error)
KEYS = ("train_x", "train_y", "test_x", "test_y")


def packaged() -> Source:
    """Fashion-MNIST mini: 5,000 + 1,000 gray images of 28x28, 10 classes (see its LICENSE)."""
    folder = resources.files("designspace.images") / "datasets" / "fashion_mnist_mini.npz"
    with resources.as_file(folder) as path:
        return read_npz(path, name=PACKAGED)


def read_npz(path: Path, *, name: str | None = None) -> Source:
    """Reads uint8 `train_x`, `test_x` (N,H,W or N,H,W,C), labels `train_y`, `test_y`, `classes`.

    Raises:
        InputError: for a file that is missing, unreadable or does not hold this.
    """
    arrays = _load(path)
    absent = [key for key in KEYS if key not in arrays]
    if absent:
        found = ", ".join(sorted(arrays)) or "nothing"
        raise InputError(f"lacks {', '.join(absent)} (it holds {found})", file=str(path))
    return from_arrays(arrays, name=name or path.stem, file=str(path))


def from_arrays(arrays: Mapping[str, NDArray[Any]], *, name: str, file: str) -> Source:
    """A source from the four arrays of `KEYS`, and `classes` where there are names."""
    classes = _classes(arrays, file)
    splits = [
        _split(arrays[f"{part}_x"], arrays[f"{part}_y"], len(classes), f"{file}: {part}")
        for part in ("train", "test")
    ]
    train, test = splits
    if train.pixels.shape[1:] != test.pixels.shape[1:]:
        shapes = f"{tuple(train.pixels.shape[1:])} and {tuple(test.pixels.shape[1:])}"
        raise InputError(f"train_x and test_x hold images of different shapes, {shapes}", file=file)
    return Source(name, classes, train, test)


def _load(path: Path) -> dict[str, NDArray[Any]]:
    if not path.is_file():
        raise InputError("no such file", file=str(path))
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except BROKEN as error:
        # NumPy's own words would advise to unpickle it.
        said = "no archive of plain arrays" if "pickle" in str(error) else str(error)
        raise InputError(f"not a readable .npz file ({said})", file=str(path)) from error


def _classes(arrays: Mapping[str, NDArray[Any]], file: str) -> tuple[str, ...]:
    """Names where the file gives them; else one class a label, which must leave no gap."""
    if "classes" in arrays:
        return tuple(str(value) for value in arrays["classes"].tolist())
    labels = arrays["train_y"]
    if not np.issubdtype(labels.dtype, np.integer) or labels.size == 0:
        raise InputError(f"train_y must be integers (got {labels.dtype})", file=file)
    present = np.unique(labels)
    if not np.array_equal(present, np.arange(len(present))):
        raise InputError(
            f"train_y: labels out of range: {len(present)} classes must be labelled 0 to "
            f"{len(present) - 1} (got {present.min()} to {present.max()})",
            file=file,
            hint="name the classes in an array 'classes' where some have no image",
        )
    return tuple(str(value) for value in present)


def _split(x: NDArray[Any], y: NDArray[Any], num_classes: int, where: str) -> Images:
    _check_images(x, where)
    _check_labels(y, len(x), num_classes, where)
    channels_last = x[..., None] if x.ndim == 3 else x
    pixels = torch.from_numpy(np.ascontiguousarray(channels_last.transpose(0, 3, 1, 2)))
    return Images(pixels, torch.from_numpy(y.astype(np.int64)))


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
