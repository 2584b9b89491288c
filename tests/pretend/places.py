"""Where a tensor pretends to lie: a mark on its storage.

All tensors are real CPU tensors. The mark stays as long as the storage and is shared by all views
of it, so that a slice, a parameter or a gradient's view of a bucket lies where its memory lies.
Memory without a mark is ordinary, pageable host memory.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import Tensor

CPU = torch.device("cpu")
_PLACE, _PINNED = "_pretend_place", "_pretend_pinned"


def storage_of(tensor: Tensor) -> Any:
    """A tensor's memory; of one Python object for all views."""
    return torch._C.TensorBase.untyped_storage(tensor)


def place_of(tensor: Tensor) -> torch.device:
    """The device that a tensor reports."""
    real = torch._C.TensorBase.device.__get__(tensor)
    return getattr(storage_of(tensor), _PLACE, CPU) if real == CPU else real


def is_pinned(tensor: Tensor) -> bool:
    """Whether a tensor lies in host memory that the GPU reads by itself."""
    return getattr(storage_of(tensor), _PINNED, False)


def pin(tensor: Tensor) -> Tensor:
    """Mark a tensor's memory as pinned."""
    setattr(storage_of(tensor), _PINNED, True)
    return tensor


def bytes_of(tensor: Tensor) -> int:
    """Bytes of a tensor's elements."""
    return tensor.numel() * tensor.element_size()


class Memory:
    """Marks memory as that of a GPU, and counts what is alive, as torch's allocator would."""

    def __init__(self) -> None:
        self._alive: dict[int, tuple[weakref.ref[Any], torch.device, int]] = {}
        self._now: dict[torch.device, int] = {}
        self._peak: dict[torch.device, int] = {}

    def put(self, storage: Any, place: torch.device) -> None:
        """Let a storage lie on `place`; one that is marked already stays."""
        if place == CPU or hasattr(storage, _PLACE):
            return
        setattr(storage, _PLACE, place)
        key, size = id(storage), int(storage.nbytes())
        self._alive[key] = (weakref.ref(storage, lambda _: self._gone(key)), place, size)
        self._now[place] = self._now.get(place, 0) + size
        self._peak[place] = max(self._peak.get(place, 0), self._now[place])

    def allocated(self, place: torch.device) -> int:
        """Bytes alive on a device."""
        return self._now.get(place, 0)

    def peak(self, place: torch.device) -> int:
        """Most bytes alive at once since `reset_peak`."""
        return self._peak.get(place, 0)

    def reset_peak(self, place: torch.device) -> None:
        """Begin to look for the peak anew."""
        self._peak[place] = self.allocated(place)

    def _gone(self, key: int) -> None:
        _, place, size = self._alive.pop(key)
        self._now[place] -= size
