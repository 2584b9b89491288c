"""A store that is quick in one order only, copied to a file in which every image can be reached."""

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
    """The store as spans of one file in the data folder; made once, whoever else asks for it.

    Args:
        store: what to copy; what cannot be read becomes an empty span.
        origins: the files that it reads: their names, sizes and times are what the copy is of.

    Raises:
        InputError: the folder cannot be written, for example because the disk is full.
    """
    stats = [(str(path.absolute()), path.stat()) for path in origins]
    known = "\0".join(f"{name}:{stat.st_size}:{stat.st_mtime_ns}" for name, stat in stats)
    place = data_root() / "unpacked" / hashlib.sha256(known.encode()).hexdigest()[:16]
    images, index = place.with_suffix(".images"), place.with_suffix(".npy")
    if not index.is_file():
        with writing(images):
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.with_suffix(".lock").open("w") as lock:
                # The processes of a distributed run all begin here; one copies, the others wait.
                portalocker.lock(lock, portalocker.LockFlags.EXCLUSIVE)
                if not index.is_file():
                    _copy(store, images, index)
    names = tuple(store.where(number) for number in range(len(store)))
    sizes = np.load(index)
    begins = np.concatenate([[0], sizes.cumsum()[:-1]])
    return SpanStore((images,), names, np.stack([np.zeros_like(sizes), begins, sizes], 1))


def _copy(store: Store, images: Path, index: Path) -> None:
    """Writes the images, then their sizes: where these are, those are whole."""
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
        return b""  # named when it is to be decoded
