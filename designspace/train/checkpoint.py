"""Checkpoints: written atomically, the one before kept, foreign and broken ones refused."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from designspace.library_warnings import silenced
from designspace.spec.files import write_bytes_atomic
from designspace.weights.sources import UNREADABLE

CURRENT = "checkpoint.pt"
PREVIOUS = "checkpoint.previous.pt"
COMING = "checkpoint.coming.pt"
FORMAT = 2
BROKEN = (OSError, pickle.UnpicklingError, *UNREADABLE)

Identity = Mapping[str, str | int]


def save(directory: Path, identity: Identity, state: Mapping[str, Any]) -> None:
    """Writes the checkpoint; at any moment the directory holds at least one whole one.

    Raises:
        InputError: it cannot be written (a full disk); what was there before is still there.
    """
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, "identity": dict(identity), "state": dict(state)}, buffer)
    current, coming = directory / CURRENT, directory / COMING
    write_bytes_atomic(coming, buffer.getvalue())
    if current.exists():
        current.replace(directory / PREVIOUS)
    coming.replace(current)


@silenced()
def load(directory: Path, identity: Identity) -> dict[str, Any] | None:
    """The state of the newest checkpoint that is whole and of this identity, or None.

    One that is still called `COMING` was written whole just before the process ended.
    """
    for name in (COMING, CURRENT, PREVIOUS):
        state = _read(directory / name, identity)
        if state is not None:
            return state
    return None


def _read(path: Path, identity: Identity) -> dict[str, Any] | None:
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        same = found["format"] == FORMAT and found["identity"] == dict(identity)
    except BROKEN:
        return None
    return found["state"] if same else None
