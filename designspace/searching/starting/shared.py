"""The data of a study in Ray's object store: read by all workers, stored once per node.

The driver has decoded them anyway. A worker maps their bytes, and loads the data itself if the
store does not have them. In both cases it checks that they are the study's data.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import ray
import ray.exceptions
from numpy.typing import NDArray

from designspace.searching.starting.offered import offer, offered

if TYPE_CHECKING:
    from torch import Tensor

    from designspace.images.data import Data
    from designspace.images.split import Split

RAY: Any = ray  # Ray's own annotations are partial
SHARE = 0.5
"""Maximum share of the smallest node's object store for the data."""
PATIENCE = 120.0
"""Time limit for the data to arrive from another node [s]."""
_SPLITS = ("train", "val", "test")
Held = list[Any]
"""A reference to the stored data, in a list, so that Ray passes on the reference itself."""
_taken: list[bool] = []


@dataclass(frozen=True)
class _Array:
    """The memory of a tensor, and the order of the tensor's axes in it."""

    memory: NDArray[Any]
    order: tuple[int, ...]

    @property
    def tensor(self) -> Tensor:
        """The tensor, which is read-only."""
        import torch

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # torch: the array is not writable
            stored = torch.from_numpy(self.memory)
        return stored.permute(*(int(axis) for axis in np.argsort(self.order)))


@dataclass(frozen=True)
class _Shared:
    """The data without their splits, and the pixels and labels of each split."""

    load: Mapping[str, Any]
    data: Data
    splits: Mapping[str, tuple[_Array, _Array]]


def share(load: Mapping[str, Any]) -> Held | None:
    """Put the data that these arguments load into the store.

    Return None if this process has not decoded them, or if they are too large.
    """
    found = offered(load)
    splits = {name: _arrays(getattr(found, name)) for name in _SPLITS} if found else {}
    known = {name: arrays for name, arrays in splits.items() if arrays is not None}
    if found is None or len(known) < len(_SPLITS):
        return None
    size = sum(array.memory.nbytes for arrays in known.values() for array in arrays)
    try:
        if size > SHARE * _room():
            return None
        empty: dict[str, Any] = dict.fromkeys(_SPLITS)
        return [RAY.put(_Shared(load, replace(found, **empty), known))]
    except (ray.exceptions.RayError, OSError):
        return None


def take(held: Held) -> None:
    """Offer the stored data to the trainings of this process, which load them if that fails."""
    from designspace.images.split import DecodedSplit

    if _taken:
        return
    _taken.append(True)  # once per process: a second attempt would fail like the first
    try:
        shared: _Shared = RAY.get(held[0], timeout=PATIENCE)
    except (ray.exceptions.RayError, OSError):
        return
    splits: dict[str, Any] = {
        name: DecodedSplit(pixels.tensor, labels.tensor)
        for name, (pixels, labels) in shared.splits.items()
    }
    offer(replace(shared.data, **splits), shared.load)


def _arrays(split: Split) -> tuple[_Array, _Array] | None:
    from designspace.images.split import DecodedSplit

    if not isinstance(split, DecodedSplit):
        return None
    pixels, labels = _array(split.pixels), _array(split.labels)
    return (pixels, labels) if pixels and labels else None


def _array(tensor: Tensor) -> _Array | None:
    """Return a tensor as its memory; None if it has gaps or is on another device."""
    order = tuple(sorted(range(tensor.ndim), key=tensor.stride, reverse=True))
    stored = tensor.permute(*order)
    if not stored.is_contiguous() or stored.device.type != "cpu":
        return None
    return _Array(stored.numpy(), order)


def _room() -> float:
    """Return the size of the smallest object store of all nodes, in bytes."""
    nodes = [node["Resources"] for node in RAY.nodes() if node["Alive"]]
    return min((node.get("object_store_memory", 0.0) for node in nodes), default=0.0)
