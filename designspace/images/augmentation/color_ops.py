"""Operators that blend an image with a neutral one: Pillow's enhancers, to the level.

Luma and means are whole numbers that float32 holds exactly, so that they are the same on every
device, in whatever order their sums are taken. Pillow cuts fractions off, and so do these.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from designspace.images.pinned import to_device


def each(argument: Tensor) -> Tensor:
    """An argument per image (K,) as (K, 1, 1, 1)."""
    return argument.view(-1, 1, 1, 1)


def luma(pixels: Tensor) -> Tensor:
    """Luma (K, 1, H, W), float32, in Pillow's fixed point of ITU-R 601, of bytes or floats."""
    if pixels.shape[1] == 1:
        return pixels.float()
    half, weights = _luma(pixels.device)
    return torch.addcmul(half, pixels, weights).sum(1, keepdim=True).floor_()


@lru_cache(maxsize=8)
def _luma(device: torch.device) -> tuple[Tensor, Tensor]:
    """What to add to each channel and what to multiply it with."""
    both = torch.tensor([[0.5, 0, 0], [19595 / 2**16, 38470 / 2**16, 7471 / 2**16]])
    half, weights = to_device(both, device).view(2, 1, 3, 1, 1)
    return half, weights


def mean(lumas: Tensor) -> Tensor:
    """The mean luma, rounded: float32 (K, 1, 1, 1)."""
    means = lumas.mean((1, 2, 3), keepdim=True, dtype=torch.float64).add_(0.5)
    return means.floor_().float()


def smooth(values: Tensor, out: Tensor) -> None:
    """Writes the mean of 3 by 3 pixels, the middle one counted five times, except at the border.

    Args:
        values: whole numbers, float32 (K, C, H, W).
        out: as large; the border stays.
    """
    if min(values.shape[2:]) < 3:
        return
    inner = (..., slice(1, -1), slice(1, -1))
    # There are no halves among thirteenths, so that it does not matter how they are summed.
    torch.round(_around(values).add_(values[inner], alpha=4 / 13), out=out[inner])


def _around(values: Tensor) -> Tensor:
    """A thirteenth of the sum of 3 by 3 pixels, without the border."""
    if values.device.type != "cpu":
        return functional.avg_pool2d(values, 3, 1, divisor_override=13)
    # Three sums by row and three by column: on the CPU a sixth of the time of `avg_pool2d`.
    down = (values[:, :, :-2] + values[:, :, 1:-1]).add_(values[:, :, 2:])
    return (down[..., :-2] + down[..., 1:-1]).add_(down[..., 2:]).mul_(1 / 13)


def blend(values: Tensor, neutral: Tensor, factor: Tensor) -> Tensor:
    """From `neutral` at factor 0 to the image at 1, and on beyond; fractions are still there.

    Args:
        values: the image, float32 (K, C, H, W); overwritten.
        neutral: float32, or of a shape that becomes that.
        factor: float32 (K,).
    """
    return values.sub_(neutral).mul_(each(factor)).add_(neutral).clamp_(0, 255)
