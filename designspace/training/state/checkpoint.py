"""Checkpoints: written atomically with a digest, read back only if they are whole.

After the first `save`, at least one whole checkpoint is always on disk. `save` writes the new one
as `COMING`, then renames `CURRENT` to `PREVIOUS`, then `COMING` to `CURRENT`. If the process ends
between the two renames, `load` finds `COMING`, which is whole. If a file is damaged, `load` takes
the one before.
"""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from designspace.library_warnings import silenced
from designspace.spec.documents.document import write_bytes_atomic
from designspace.weights.integrity import content_digest
from designspace.weights.sources import UNREADABLE

CURRENT = "checkpoint.pt"
PREVIOUS = "checkpoint.previous.pt"
COMING = "checkpoint.coming.pt"
FORMAT = 3
PINNED = 1 << 30
"""Limit of the pinned memory that a checkpoint uses on its way from a GPU [bytes]."""
BROKEN = (OSError, pickle.UnpicklingError, *UNREADABLE)

Identity = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Found:
    """The newest checkpoint that is whole and has the wanted identity.

    Attributes:
        file: Path of the checkpoint; None if there is none.
        state: Saved state, with its digest verified; None if there is none.
        passed_over: Reasons why newer checkpoints were not used, one clause per checkpoint.
    """

    file: Path | None
    state: Any
    passed_over: tuple[str, ...]

    @property
    def fallback(self) -> str | None:
        """Sentence on the checkpoints that were not used; None if there were none."""
        if not self.passed_over:
            return None
        faults = "; ".join(self.passed_over)
        if self.file is None:
            return f"{faults}; no other checkpoint is left, so the training starts over"
        return f"{faults}; the training continues from {self.file.name}"


def save(directory: Path, identity: Identity, state: Mapping[str, Any]) -> None:
    """Write a checkpoint; once one is written, the directory always holds a whole one.

    Raises:
        InputError: The file cannot be written (the disk is full); earlier checkpoints stay.
    """
    content = {"format": FORMAT, "identity": dict(identity), "state": on_host(dict(state))}
    buffer = io.BytesIO()
    torch.save({**content, "digest": content_digest(content)}, buffer)
    current, coming = directory / CURRENT, directory / COMING
    write_bytes_atomic(coming, buffer.getvalue())
    if current.exists():
        current.replace(directory / PREVIOUS)
    coming.replace(current)


def on_host(content: Any) -> Any:
    """Copy every GPU tensor in nested mappings, lists and tuples to the host.

    The first `PINNED` bytes go to pinned memory without waiting between tensors, and the host waits
    for all of them once. The limit is there because torch keeps pinned memory.

    Returns:
        The same types, values and strides; tensors on the host are not copied.
    """
    copies = _Copies()
    found = copies.of(content)
    for device in copies.devices:
        torch.cuda.current_stream(device).synchronize()
    return found if copies.devices else content


class _Copies:
    """Copies from GPUs to the host; tensors that share memory, as tied weights, share a copy."""

    def __init__(self) -> None:
        self.devices = set[torch.device]()
        self._bytes, self._known = 0, dict[Any, Tensor]()

    def of(self, content: Any) -> Any:
        if isinstance(content, Tensor):
            return self._tensor(content) if content.is_cuda else content
        if isinstance(content, dict):
            twin = copy.copy(cast("dict[Any, Any]", content))  # with a state dict's metadata
            twin.update({key: self.of(value) for key, value in twin.items()})
            return twin
        if isinstance(content, (list, tuple)):
            values = cast("list[Any]", content)
            return type(values)(self.of(value) for value in values)
        return content

    def _tensor(self, tensor: Tensor) -> Tensor:
        key = tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride()
        if key not in self._known or not tensor.numel():
            self.devices.add(tensor.device)
            self._bytes += tensor.numel() * tensor.element_size()
            pinned = self._bytes <= PINNED
            self._known[key] = tensor.detach().to("cpu", non_blocking=pinned)
        return self._known[key]


@silenced()
def load(directory: Path, identity: Identity) -> Found:
    """Read the newest checkpoint that is whole and has this identity.

    A file that is still called `COMING` was written completely just before the process ended.
    """
    passed_over: list[str] = []
    for name in (COMING, CURRENT, PREVIOUS):
        path = directory / name
        if not path.exists():
            continue
        content, fault = _read(path, identity)
        if fault is None:
            return Found(path, content["state"], tuple(passed_over))
        passed_over.append(f"{name} {fault}")
    return Found(None, None, tuple(passed_over))


def _read(path: Path, identity: Identity) -> tuple[dict[str, Any], str | None]:
    """Return the content of a file and its fault; the fault is None if the file is valid."""
    try:
        read: Any = torch.load(path, map_location="cpu", weights_only=True)
    except BROKEN:
        return {}, "is damaged and cannot be read"
    if not isinstance(read, dict):
        return {}, "is not a training checkpoint"
    content = dict(cast("dict[str, Any]", read))
    return content, _fault(content, identity)


def _fault(content: dict[str, Any], identity: Identity) -> str | None:
    digest = content.pop("digest", None)
    if digest is None and "format" in content and content["format"] != FORMAT:
        return "has no digest because an earlier version wrote it"
    if digest != content_digest(content):
        return "is damaged: its content differs from its digest"
    if content.keys() != {"format", "identity", "state"} or content["format"] != FORMAT:
        return "is not a checkpoint of this version"
    if content["identity"] != dict(identity):
        return "belongs to another network, recipe, data set or seed"
    return None
