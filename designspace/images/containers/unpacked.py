"""Copies of stores that are fast in one order only, to files that are fast in any order."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import portalocker

from designspace.images.files.store import SpanStore, Store
from designspace.images.torchvision_sets import data_root
from designspace.spec.documents.document import writing


def unpacked(store: Store, origins: Sequence[Path]) -> SpanStore:
    """Copy a store to one file in the data folder and return the copy's spans.

    The copy is made once, even if several processes ask for it.

    Args:
        store: Store to copy; an unreadable image becomes an empty span.
        origins: Files that the store reads; their names, sizes and times identify the copy.

    Raises:
        InputError: The folder cannot be written, for example because the disk is full.
    """
    stats = [(str(path.absolute()), path.stat()) for path in origins]
    known = "\0".join(f"{name}:{stat.st_size}:{stat.st_mtime_ns}" for name, stat in stats)
    place = data_root() / "unpacked" / hashlib.sha256(known.encode()).hexdigest()[:16]
    images, index = place.with_suffix(".images"), place.with_suffix(".npy")
    if not index.is_file():
        with writing(images):
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.with_suffix(".lock").open("w") as lock:
                # All processes of a distributed run get here: one copies, the others wait.
                portalocker.lock(lock, portalocker.LockFlags.EXCLUSIVE)
                if not index.is_file():
                    _copy(store, images, index)
    names = tuple(store.where(number) for number in range(len(store)))
    sizes = np.load(index)
    begins = np.concatenate([[0], sizes.cumsum()[:-1]])
    return SpanStore((images,), names, np.stack([np.zeros_like(sizes), begins, sizes], 1))


def _copy(store: Store, images: Path, index: Path) -> None:
    """Write the images, then their sizes: if the sizes exist, the images are complete."""
    with tempfile.TemporaryDirectory(dir=images.parent) as folder:
        draft = Path(folder) / "images"
        sizes = np.zeros(len(store), dtype=np.int64)
        with draft.open("wb") as file:
            for number in range(len(store)):
                sizes[number] = file.write(_bytes(store, number))
        np.save(Path(folder) / "sizes.npy", sizes)
        draft.replace(images)
        (Path(folder) / "sizes.npy").replace(index)


def _bytes(store: Store, number: int) -> bytes:
    try:
        return store.read(number)
    except OSError:
        return b""  # decoding reports it later
