"""Operators that map each value of a channel to another one: tables of 256 bytes.

Tables that depend on a strength alone are computed on the CPU, those that depend on an image where
it lies. One lookup then does the work of all of them. The operators are Pillow's, to the level,
which cuts fractions off.

The rules of tables that depend on an image are tables too, made once per device, as every operation
on a few numbers costs a GPU a launch: see `_stretches` and `_steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from designspace.images.augmentation.counting import counting
from designspace.images.pinned import to_device

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


def auto_contrast(pixels: Tensor, out: Tensor) -> None:
    """Writes tables that stretch each channel to the whole range; one of a single value stays.

    Args:
        pixels: bytes (K, C, H, W).
        out: bytes (K, C, 256), contiguous.
    """
    tables, width = _stretches(pixels.device)
    low, high = pixels.flatten(2).aminmax(dim=2)
    index = torch.addcmul(high, low, width)
    torch.index_select(tables, 0, index.view(-1), out=out.view(-1, 256))


@lru_cache(maxsize=8)
def _stretches(device: torch.device) -> tuple[Tensor, Tensor]:
    """Pillow's tables by 256 times the lowest value plus the highest, (65536, 256); 256 itself."""
    values = np.arange(256, dtype=np.float64)
    tables = np.empty((256, 256, 256), dtype=np.uint8)
    for low in range(256):
        span = values[:, None] - low
        scale = 255 / span.clip(min=1)
        stretched = values * scale + -low * scale
        tables[low] = np.where(span > 0, _cut(stretched), values)
    there = to_device(torch.from_numpy(tables.reshape(-1, 256)), device)
    return there, to_device(torch.tensor([256]), device)


def equalize(places: Tensor, out: Tensor) -> None:
    """Writes tables that flatten each channel's histogram.

    Pillow's rule: with `step`, the whole part of a 255th of the pixels below the channel's highest
    value, a value becomes (pixels below it + step // 2) // step, and at most 255; where `step` is 0
    the channel stays. That is the number of steps below it, rounded up from a half.

    Args:
        places: of each pixel its value plus 256 times its channel's number, (K * C, H * W).
        out: bytes (K, C, 256), contiguous.
    """
    channels, count = places.shape
    place, one = places.long().view(-1), _one(places.device)
    hist = torch.zeros(256 * channels + 1, dtype=torch.int64, device=places.device)
    hist[1:].scatter_add_(0, place, one.expand_as(place))
    # All channels have as many pixels, so that one sum runs through all of them. Beyond a channel's
    # highest value 0 stands for all of its pixels; nobody looks there.
    below = hist.cumsum_(0)[:-1].remainder_(count).view(channels, 256)
    half, per_step, same = _steps(count, places.device).index_select(0, below.amax(1)).T[..., None]
    table = torch.addcmul(half, below, per_step)
    table = table.addcmul_(counting(256, places.device), same).clamp_max_(255)
    out.view(-1, 256).copy_(table)


@lru_cache(maxsize=8)
def _one(device: torch.device) -> Tensor:
    return torch.ones(1, dtype=torch.int64, device=device)


@lru_cache(maxsize=8)
def _steps(count: int, device: torch.device) -> Tensor:
    """By the pixels below the highest value, of `count`: a half, a step's inverse, whether it is 0.

    The half is a little more, so that an inverse that was rounded down leaves no half below one.
    """
    step = np.arange(count) // 255
    rules = np.stack([0 * step + 0.5 + 1e-9, (step > 0) / step.clip(min=1), step == 0], 1)
    return to_device(torch.from_numpy(rules.astype(np.float64)), device)


def places_of(pixels: Tensor) -> Tensor:
    """Of each byte (K, C, H, W), contiguous, where its value stands in tables: (K * C, H * W)."""
    channels = pixels.shape[0] * pixels.shape[1]
    enough = 1 << channels.bit_length()
    return pixels.view(channels, -1) + _starts(enough, pixels.device)[:channels]


@lru_cache(maxsize=32)
def _starts(channels: int, device: torch.device) -> Tensor:
    """Where the tables of channels begin: on the CPU in few bytes; a GPU's serve histograms too."""
    kind = torch.int32 if device.type == "cpu" else torch.int64
    return torch.arange(0, 256 * channels, 256, dtype=kind, device=device)[:, None]


def look_up(places: Tensor, tables: Tensor, out: Tensor) -> None:
    """Writes what stands for each place in tables (K, C, 256) to bytes (K, C, H, W), contiguous."""
    torch.index_select(tables.view(-1), 0, places.view(-1), out=out.view(-1))
