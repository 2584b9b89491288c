"""Transfer of a step's numbers to the images' device in one copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from designspace.images.pinned import to_device

ALIGNED = 16
"""Alignment of each array, so that torch can read any type there [bytes]."""
Array = NDArray[Any]


class Parcel:
    """A set of arrays that travel to the device together, because one copy per array is slow.

    All operators put in their numbers before the first operator runs. The first access on the
    device sends everything that is waiting.
    """

    def __init__(self) -> None:
        self._waiting, self._bytes = list[Sent](), 0

    def put(self, values: Tensor | Array) -> Sent:
        """Add numbers to the parcel, and return a handle that gives them on the device."""
        array = values.numpy() if isinstance(values, Tensor) else values
        sent = Sent(self, np.ascontiguousarray(array), self._bytes)
        self._bytes += -(-array.nbytes // ALIGNED) * ALIGNED
        self._waiting.append(sent)
        return sent

    def send(self, device: torch.device) -> None:
        """Send everything that is waiting to the device, in one copy from pinned memory."""
        packed = np.empty(self._bytes, dtype=np.uint8)
        for sent in self._waiting:
            raw = sent.array.reshape(-1).view(np.uint8)
            packed[sent.start : sent.start + len(raw)] = raw
        there = to_device(torch.from_numpy(packed), device)
        for sent in self._waiting:
            sent.there = there
        self._waiting, self._bytes = [], 0


class Sent:
    """A handle of one array in a parcel.

    Attributes:
        array: Numbers as they were put in.
        start: Offset of the array in the parcel [bytes].
        there: Whole parcel on the device; None before it was sent.
    """

    def __init__(self, parcel: Parcel, array: Array, start: int) -> None:
        self.array, self.start = array, start
        self.there: Tensor | None = None
        self._parcel = parcel

    def on(self, device: torch.device) -> Tensor:
        """Return the numbers on the device, with their original shape and type."""
        if self.there is None:
            self._parcel.send(device)
        assert self.there is not None
        raw = self.there[self.start : self.start + self.array.nbytes]
        return raw.view(_TYPES[self.array.dtype]).view(self.array.shape)


_TYPES = {
    np.dtype(name): getattr(torch, name)
    for name in ("bool", "uint8", "int32", "int64", "float32", "float64")
}
