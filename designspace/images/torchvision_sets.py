"""torchvision's data sets by name; they are downloaded only on request."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import portalocker
from portalocker import LockFlags

from designspace.errors import InputError
from designspace.images.npz import from_arrays
from designspace.images.split import Source

NAMED = {
    "cifar10": "CIFAR10",
    "cifar100": "CIFAR100",
    "fashion-mnist": "FashionMNIST",
    "kmnist": "KMNIST",
    "mnist": "MNIST",
    "svhn": "SVHN",
}


def _open(name: str, root: str, train: bool, download: bool) -> Any:
    from torchvision import datasets  # takes seconds, so other sources do not import it

    if name == "svhn":
        return datasets.SVHN(root, split="train" if train else "test", download=download)
    return getattr(datasets, NAMED[name])(root, train=train, download=download)


def data_root() -> Path:
    """Return the folder of torchvision's files: `$DESIGNSPACE_DATA`, or one in the user's cache."""
    given = os.environ.get("DESIGNSPACE_DATA")
    return Path(given) if given else Path.home() / ".cache" / "designspace"


def read_named(name: str, *, download: bool) -> Source:
    """Read one of the data sets in `NAMED`.

    Raises:
        InputError: The files are not on disk, or cannot be downloaded.
    """
    root = data_root()
    try:
        with _fetching(name, root, download=download):
            train, test = (_open(name, str(root), part, download) for part in (True, False))
    except (RuntimeError, OSError) as error:
        why = f"could not be fetched: {error}" if download else f"is not in {root}"
        hint = None if download else "fetch it once with --download"
        raise InputError(f"data '{name}' {why}", hint=hint) from error
    return from_arrays(_arrays(name, train, test), name=name, file=name)


@contextmanager
def _fetching(name: str, root: Path, *, download: bool) -> Generator[None]:
    """Let one process at a time download a set; processes that only read it wait until it is whole.

    All processes of a distributed run begin here, and trials of several studies may too. The
    lock is released when its process ends, even if that fails.
    """
    if download:
        root.mkdir(parents=True, exist_ok=True)
    path = root / f".{name}.lock"
    if not download and not path.is_file():  # nobody has downloaded it here
        yield
        return
    with path.open("a" if download else "r") as lock:
        kind = LockFlags.EXCLUSIVE if download else LockFlags.SHARED
        try:
            portalocker.lock(lock, kind | LockFlags.NON_BLOCKING)
        except portalocker.AlreadyLocked:
            if os.environ.get("LOCAL_RANK", "0") == "0":
                sys.stderr.write(f"data '{name}': waiting for another process that fetches it\n")
            portalocker.lock(lock, kind)
        yield


def _arrays(name: str, train: Any, test: Any) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for part, found in (("train", train), ("test", test)):
        pixels = np.asarray(found.data)
        # Only SVHN has its channels first and an attribute `labels` instead of `targets`.
        arrays[f"{part}_x"] = pixels.transpose(0, 2, 3, 1) if name == "svhn" else pixels
        labels = found.labels if name == "svhn" else found.targets
        arrays[f"{part}_y"] = np.asarray(labels)
    classes = getattr(train, "classes", None)
    if classes is not None:
        arrays["classes"] = np.asarray([str(value) for value in classes])
    return arrays
