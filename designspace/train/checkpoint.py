"""Checkpoints: written atomically, the one before kept, foreign and broken ones refused."""

from __future__ import annotations

import errno
import io
import os
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from designspace.errors import InputError

CURRENT = "checkpoint.pt"
PREVIOUS = "checkpoint.previous.pt"
FORMAT = 1
BROKEN = (
    OSError,
    EOFError,
    RuntimeError,
    pickle.UnpicklingError,
    ValueError,
    # Readable, but no checkpoint of ours:
    KeyError,
    TypeError,
)

Identity = Mapping[str, str | int]


def save(directory: Path, identity: Identity, state: Mapping[str, Any]) -> None:
    """Writes the checkpoint; at any moment the directory holds at least one whole one.

    Raises:
        InputError: the disk is full; what was there before is still there.
    """
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, "identity": dict(identity), "state": dict(state)}, buffer)
    current = directory / CURRENT
    with room_on_disk(directory):
        directory.mkdir(parents=True, exist_ok=True)
        temporary = _write_whole(current, buffer.getvalue())
        if current.exists():
            current.replace(directory / PREVIOUS)
        temporary.replace(current)
        _sync_directory(directory)


def load(directory: Path, identity: Identity) -> dict[str, Any] | None:
    """The state of the newest checkpoint that is whole and of this identity, or None."""
    for name in (CURRENT, PREVIOUS):
        state = _read(directory / name, identity)
        if state is not None:
            return state
    return None


@contextmanager
def room_on_disk(directory: Path) -> Iterator[None]:
    """Turns a full disk into one clear message."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise InputError(
            "no space left on the disk; what was saved before is kept",
            file=str(directory),
            hint="free some space and run the same command again",
        ) from error


def write_atomic(path: Path, content: bytes) -> None:
    """Replaces a file as a whole or not at all."""
    _write_whole(path, content).replace(path)


def _write_whole(path: Path, content: bytes) -> Path:
    """Writes beside `path` and returns where; nothing is left behind if that fails."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path, identity: Identity) -> dict[str, Any] | None:
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        same = found["format"] == FORMAT and found["identity"] == dict(identity)
    except BROKEN:
        return None
    return found["state"] if same else None
