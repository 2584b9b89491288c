"""Conversion of sparse and quantised tensors to plain dense ones on the CPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor

from designspace.errors import InputError
from designspace.weights.reading.containers import TensorSet


def plain_tensors(
    sets: Sequence[TensorSet], file: str | None
) -> tuple[list[TensorSet], tuple[str, ...]]:
    """Return the sets with dense tensors on the CPU, and notes on their values.

    Notes are about values that are not finite and about quantised tensors. Sets with a tensor on
    the meta device are left out.

    Raises:
        InputError: A tensor of the first set has no values (it is on the meta device).
    """
    empty = [name for name, tensor in sets[0].tensors.items() if tensor.is_meta]
    if empty:
        raise InputError(f"'{empty[0]}' has no values: it is on the meta device", file=file)
    usable = [found for found in sets if not any(t.is_meta for t in found.tensors.values())]
    plain = [replace(found, tensors=_dense(found.tensors)) for found in usable]
    return plain, _notes(sets[0].tensors, plain[0].tensors)


def _dense(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: _plain(tensor.detach()) for name, tensor in tensors.items()}


def _plain(tensor: Tensor) -> Tensor:
    if tensor.is_quantized:
        return tensor.dequantize()
    if tensor.layout != torch.strided:
        return tensor.to_dense()
    return tensor.cpu()


def _notes(given: Mapping[str, Tensor], plain: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Return sentences about values that are not finite and about quantised tensors."""
    broken = [name for name, tensor in plain.items() if not _finite(tensor)]
    rounded = [name for name, tensor in given.items() if tensor.is_quantized]
    said: list[str] = []
    if broken:
        said.append(f"{_count(broken)} not finite (NaN or infinity), '{broken[0]}' first")
    if rounded:
        said.append(f"{_count(rounded)} quantised and were read as fractions")
    return tuple(said)


def _count(names: Sequence[str]) -> str:
    return f"{len(names)} tensors are" if len(names) > 1 else "1 tensor is"


def _finite(tensor: Tensor) -> bool:
    if not tensor.is_floating_point() and not tensor.is_complex():
        return True
    values = tensor if tensor.element_size() > 1 else tensor.float()
    return bool(cast("Any", torch.isfinite(values)).all())
