"""The sets of tensors in a checkpoint, best first.

Training code keeps a network's tensors beside those of its optimizer, their average and plain data,
one or several mappings deep, under keys of its own choice. Every mapping from names to tensors is a
set, and so is each part of it that a wrapper's prefix marks. The averaged set comes first if it has
at least half as many tensors as the largest set, because published accuracies are measured with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from designspace.weights.reading.prefixes import AVERAGED, unwrapped

_DEEPEST = 8
_LISTED = 6
_NOT_WEIGHTS = ("optim", "scheduler", "scaler", "rng", "loops", "loss", "hyper_parameters", "amp")
_USUAL = ("model", "state_dict", "model_state_dict", "model_state", "net", "weights", "params")


@dataclass(frozen=True)
class TensorSet:
    """One set of tensors in a checkpoint.

    Attributes:
        path: Keys that lead to the mapping, outermost first.
        prefix: Prefix of wrappers that was removed from the names.
        tensors: Tensors by name.
        beside: Tensors of the same mapping without the prefix.
        averaged: Whether the keys, the prefix or a counter mark the set as an average.
    """

    path: tuple[str, ...]
    prefix: str
    tensors: Mapping[str, Tensor]
    beside: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])
    averaged: bool = False

    @property
    def title(self) -> str:
        """The place of the set in the file, for people; empty for names without a container."""
        where = f"'{'.'.join(self.path)}'" if self.path else ""
        prefix = f"prefix '{self.prefix}'" if self.prefix else ""
        return ", ".join(part for part in (where, prefix) if part)

    @property
    def values(self) -> int:
        """Number of values in all tensors."""
        return sum(tensor.numel() for tensor in self.tensors.values())


def tensor_sets(found: object) -> list[TensorSet]:
    """Return all sets of a checkpoint, in the order in which to try them."""
    sets = [
        TensorSet(
            path,
            way.prefix,
            way.tensors,
            way.beside,
            way.averaged or any(key.lower() in AVERAGED for key in path),
        )
        for path, tensors in _mappings(found, (), set())
        for way in unwrapped(tensors)
    ]
    largest = max((len(found.tensors) for found in sets), default=0)

    def order(found: TensorSet) -> tuple[bool, bool, bool, int]:
        small = 2 * len(found.tensors) < largest
        named = not found.path or found.path[-1] in _USUAL or found.averaged
        return small, not found.averaged, not named, -len(found.tensors)

    return sorted(sets, key=order)


def contents(found: object) -> str:
    """Say what a checkpoint without tensors holds instead."""
    if not isinstance(found, Mapping):
        return f"holds a {type(found).__name__}, not a state dict"
    items = cast("Mapping[Any, Any]", found).items()
    pairs = [f"{str(key)!r} ({type(value).__name__})" for key, value in items]
    more = f" and {len(pairs) - _LISTED} more" if len(pairs) > _LISTED else ""
    listed = f", only {', '.join(pairs[:_LISTED])}{more}" if pairs else ""
    return f"not a state dict: there are no tensors{listed}"


def _mappings(
    found: object, path: tuple[str, ...], seen: set[int]
) -> Iterator[tuple[tuple[str, ...], dict[str, Tensor]]]:
    """Yield every mapping from names to tensors once, with the keys that lead to it."""
    inner = _as_mapping(found)
    if inner is None or len(path) > _DEEPEST or id(found) in seen:
        return
    seen.add(id(found))
    tensors = {key: t for key, value in inner.items() if (t := _tensor(value)) is not None}
    if any(tensor.ndim for tensor in tensors.values()):
        yield path, tensors
    for key, value in inner.items():
        if not key.lower().startswith(_NOT_WEIGHTS):
            yield from _mappings(value, (*path, key), seen)


def _tensor(value: object) -> Tensor | None:
    """Return a tensor, or an array of numbers as a tensor; None for anything else."""
    if isinstance(value, Tensor):
        return value
    array: Any = value
    if not isinstance(value, np.ndarray) or array.dtype.kind not in "biufc":
        return None
    native = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("=")).reshape(array.shape)
    return torch.from_numpy(native)


def _as_mapping(found: object) -> dict[str, Any] | None:
    """Return a mapping, or a list of (name, value), with its names as keys; None for all else."""
    if isinstance(found, Mapping):
        items = cast("Mapping[Any, Any]", found).items()
        return {key: value for key, value in items if isinstance(key, str)}
    if isinstance(found, list | tuple) and found:
        pairs = cast("list[Any]", found)
        if all(isinstance(pair, list | tuple) and _is_named(pair) for pair in pairs):
            return {pair[0]: pair[1] for pair in pairs}
    return None


def _is_named(pair: Any) -> bool:
    """Return whether a sequence is a name and a value."""
    return len(pair) == 2 and isinstance(pair[0], str)
