"""Operators that map each value of a channel to another one: tables of 256 bytes.

Tables that depend on a strength alone are computed on the CPU, those that depend on an image where
it lies. One lookup then does the work of all of them. The operators are Pillow's, to the level,
which cuts fractions off.
"""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from designspace.images.augmentation.counting import counting

Table = Callable[[NDArray[np.float32]], NDArray[Any]]
"""Tables (K, 256) by strength, (K, 1)."""
_VALUES = np.arange(256, dtype=np.float32)


def _cut(values: NDArray[Any]) -> NDArray[np.uint8]:
    return values.clip(0, 255).astype(np.uint8)


def _posterize(bits: NDArray[np.float32]) -> NDArray[Any]:
    """Keeps the upper bits: 8 all of them, 0 none."""
    return _VALUES.astype(np.int64) & (256 - 2 ** (8 - bits.clip(0, 8).astype(np.int64)))


def _solarize_add(addend: NDArray[np.float32]) -> NDArray[Any]:
    """Adds to values below 128."""
    return np.where(_VALUES < 128, _cut(_VALUES + addend), _VALUES)


FIXED: Mapping[str, Table] = {
    "invert": lambda _: 255 - _VALUES,
    "posterize": _posterize,
    "solarize": lambda threshold: np.where(threshold > _VALUES, _VALUES, 255 - _VALUES),
    "solarize_add": _solarize_add,
    "brightness": lambda factor: _VALUES * factor,
}
"""Operators whose tables depend on a strength alone."""


def fixed(name: str, strength: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The tables of an operator, bytes (K, 256), by strength (K,)."""
    tables = np.empty((len(strength), 256), dtype=np.uint8)
    tables[:] = _cut(FIXED[name](strength[:, None]))
    return tables


def auto_contrast(pixels: Tensor) -> Tensor:
    """Stretches each channel to the whole range; one of a single value stays: (K, C, 256)."""
    low, high = pixels.flatten(2).aminmax(dim=2, keepdim=True)
    low = low.double()
    span = high - low
    scale = 255 / span.clamp_min(1)
    values = counting(256, pixels.device)
    stretched = (values * scale).sub_(low * scale).clamp_(0, 255)
    return torch.where(span > 0, stretched, values).to(torch.uint8)


def equalize(pixels: Tensor) -> Tensor:
    """Flattens each channel's histogram, by the integer rule of Pillow: (K, C, 256)."""
    values = pixels.flatten(2).long()
    count = values.shape[2]
    one = values.new_ones(()).expand_as(values)
    hist = values.new_zeros((*values.shape[:2], 256)).scatter_add_(2, values, one)
    last = hist.gather(2, values.amax(2, keepdim=True))
    step = torch.div(count - last, 255, rounding_mode="trunc")
    table = (hist.cumsum(2) - hist).add_(step >> 1)
    table = table.div_(step.clamp_min(1), rounding_mode="trunc").clamp_max_(255)
    # Too few pixels apart from the brightest value: the channel stays.
    same = counting(256, pixels.device)
    return torch.where(step > 0, table, same).to(torch.uint8)


def look_up(pixels: Tensor, tables: Tensor) -> None:
    """Replaces bytes (K, C, H, W), contiguous, by what stands for them in tables (K, C, 256)."""
    channels = pixels.shape[0] * pixels.shape[1]
    start = torch.arange(0, 256 * channels, 256, dtype=torch.int32, device=pixels.device)
    index = pixels.view(channels, -1) + start[:, None]
    torch.index_select(tables.reshape(-1), 0, index.view(-1), out=pixels.view(-1))
