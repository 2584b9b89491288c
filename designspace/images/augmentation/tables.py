"""Operators that map each value of a channel to another value: tables of 256 bytes.

For example, the table of `invert` holds 255, 254, ..., 0, and a pixel of value 10 becomes the entry
10 of the table, 245. One lookup serves all operators of a batch, with one table per channel and
image. The results equal those of Pillow, which cuts fractions off.

Tables that depend only on a strength are computed on the CPU. Tables that depend on an image are
computed on its device. Every operation on a few numbers costs a GPU one launch, so the rules for
these tables are tables themselves, made once per device: see `_stretches` and `_steps`.
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
"""Function from strengths, (K, 1), to tables, (K, 256)."""
_VALUES = np.arange(256, dtype=np.float32)


def _cut(values: NDArray[Any]) -> NDArray[np.uint8]:
    return values.clip(0, 255).astype(np.uint8)


def _posterize(bits: NDArray[np.float32]) -> NDArray[Any]:
    """Return tables that keep a number of upper bits, 0 to 8."""
    return _VALUES.astype(np.int64) & (256 - 2 ** (8 - bits.clip(0, 8).astype(np.int64)))


def _solarize_add(addend: NDArray[np.float32]) -> NDArray[Any]:
    """Return tables that add to values below 128."""
    return np.where(_VALUES < 128, _cut(_VALUES + addend), _VALUES)


FIXED: Mapping[str, Table] = {
    "invert": lambda _: 255 - _VALUES,
    "posterize": _posterize,
    "solarize": lambda threshold: np.where(threshold > _VALUES, _VALUES, 255 - _VALUES),
    "solarize_add": _solarize_add,
    "brightness": lambda factor: _VALUES * factor,
}
"""Operators whose tables depend only on a strength."""


def fixed(name: str, strength: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the tables of an operator for strengths (K,), uint8 (K, 256)."""
    tables = np.empty((len(strength), 256), dtype=np.uint8)
    tables[:] = _cut(FIXED[name](strength[:, None]))
    return tables


def auto_contrast(pixels: Tensor, out: Tensor) -> None:
    """Write tables that stretch each channel to the whole range.

    A channel with a single value stays unchanged.

    Args:
        pixels: Images, uint8 (K, C, H, W).
        out: Tables, uint8 (K, C, 256), contiguous.
    """
    tables, width = _stretches(pixels.device)
    low, high = pixels.flatten(2).aminmax(dim=2)
    index = torch.addcmul(high, low, width)
    torch.index_select(tables, 0, index.view(-1), out=out.view(-1, 256))


@lru_cache(maxsize=8)
def _stretches(device: torch.device) -> tuple[Tensor, Tensor]:
    """Return all tables that stretch a channel, uint8 (65536, 256), and the number 256.

    The index of a table is 256 times the channel's lowest value plus its highest value.
    """
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
    """Write tables that flatten each channel's histogram.

    The rule is Pillow's. Let `step` be the number of pixels below the channel's highest value,
    divided by 255 and cut to a whole number. A value becomes (pixels below it + step // 2) // step,
    at most 255. This is the number of steps below it, with halves rounded up. If `step` is 0, the
    channel stays unchanged.

    Args:
        places: Value of each pixel plus 256 times the number of its channel, (K * C, H * W).
        out: Tables, uint8 (K, C, 256), contiguous.
    """
    channels, count = places.shape
    place, one = places.long().view(-1), _one(places.device)
    hist = torch.zeros(256 * channels + 1, dtype=torch.int64, device=places.device)
    hist[1:].scatter_add_(0, place, one.expand_as(place))
    # All channels have the same number of pixels, so that one running sum serves all of them.
    # Above a channel's highest value it would be this number, and is 0; no pixel looks there.
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
    """Return the rules of `equalize` by the number of pixels below the highest value.

    The three columns are a half, the inverse of the step (0 if the step is 0), and whether the step
    is 0. The half is slightly larger than 0.5, so that an inverse that was rounded down does not
    make a sum fall just below a whole number.

    Args:
        count: Number of pixels per channel.
        device: Device of the result.

    Returns:
        Float64 (count, 3).
    """
    step = np.arange(count) // 255
    rules = np.stack([0 * step + 0.5 + 1e-9, (step > 0) / step.clip(min=1), step == 0], 1)
    return to_device(torch.from_numpy(rules.astype(np.float64)), device)


def places_of(pixels: Tensor) -> Tensor:
    """Return the position of each pixel's value in the tables of all channels, (K * C, H * W).

    Args:
        pixels: Images, uint8 (K, C, H, W), contiguous.
    """
    channels = pixels.shape[0] * pixels.shape[1]
    enough = 1 << channels.bit_length()
    return pixels.view(channels, -1) + _starts(enough, pixels.device)[:channels]


@lru_cache(maxsize=32)
def _starts(channels: int, device: torch.device) -> Tensor:
    """Return the position at which each channel's table begins, (channels, 1).

    On a CPU, int32 saves memory; on a GPU, int64 also serves the histograms.
    """
    kind = torch.int32 if device.type == "cpu" else torch.int64
    return torch.arange(0, 256 * channels, 256, dtype=kind, device=device)[:, None]


def look_up(places: Tensor, tables: Tensor, out: Tensor) -> None:
    """Replace each pixel by the entry of its table.

    Args:
        places: Position of each pixel's value in the tables, from `places_of`.
        tables: Tables, uint8 (K, C, 256).
        out: Images, uint8 (K, C, H, W), contiguous; overwritten.
    """
    torch.index_select(tables.view(-1), 0, places.view(-1), out=out.view(-1))
