"""Operators that blend an image with a neutral one: Pillow's enhancers, with equal results.

Luma and means are whole numbers that float32 holds exactly. So they are the same on every device,
whatever the order of summation. Pillow cuts fractions off, and so do these operators.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from designspace.images.pinned import to_device


def each(argument: Tensor) -> Tensor:
    """Reshape one argument per image, (K,), to (K, 1, 1, 1)."""
    return argument.view(-1, 1, 1, 1)


def luma(pixels: Tensor) -> Tensor:
    """Compute luma from bytes or floats, float32 (K, 1, H, W).

    The weights are those of ITU-R 601 in Pillow's fixed-point arithmetic.
    """
    if pixels.shape[1] == 1:
        return pixels.float()
    half, weights = _luma(pixels.device)
    return torch.addcmul(half, pixels, weights).sum(1, keepdim=True).floor_()


@lru_cache(maxsize=8)
def _luma(device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the summand and the weight of each channel, float32 (1, 3, 1, 1) each."""
    both = torch.tensor([[0.5, 0, 0], [19595 / 2**16, 38470 / 2**16, 7471 / 2**16]])
    half, weights = to_device(both, device).view(2, 1, 3, 1, 1)
    return half, weights


def mean(lumas: Tensor) -> Tensor:
    """Return the mean luma, rounded, float32 (K, 1, 1, 1)."""
    means = lumas.mean((1, 2, 3), keepdim=True, dtype=torch.float64).add_(0.5)
    return means.floor_().float()


def smooth(values: Tensor, out: Tensor) -> None:
    """Write the mean of 3 x 3 pixels, with weight 5 for the center, except at the border.

    Args:
        values: Whole numbers, float32 (K, C, H, W).
        out: Result of the same shape; its border stays unchanged.
    """
    if min(values.shape[2:]) < 3:
        return
    inner = (..., slice(1, -1), slice(1, -1))
    # No multiple of 1/13 is a half, so that rounding does not depend on the order of summation.
    torch.round(_around(values).add_(values[inner], alpha=4 / 13), out=out[inner])


def _around(values: Tensor) -> Tensor:
    """Return a thirteenth of the sum of 3 x 3 pixels, without the border."""
    if values.device.type != "cpu":
        return functional.avg_pool2d(values, 3, 1, divisor_override=13)
    # Sums of three rows, then of three columns, take a sixth of the time of `avg_pool2d` on a CPU.
    down = (values[:, :, :-2] + values[:, :, 1:-1]).add_(values[:, :, 2:])
    return (down[..., :-2] + down[..., 1:-1]).add_(down[..., 2:]).mul_(1 / 13)


def blend(values: Tensor, neutral: Tensor, factor: Tensor) -> Tensor:
    """Blend from `neutral` at factor 0 to the image at factor 1, and beyond.

    Args:
        values: Images, float32 (K, C, H, W); overwritten.
        neutral: Neutral images, float32, of a shape that broadcasts to that of `values`.
        factor: Factor of each image, float32 (K,).

    Returns:
        Floats from 0 to 255, whose fractions are not cut off yet.
    """
    return values.sub_(neutral).mul_(each(factor)).add_(neutral).clamp_(0, 255)
