"""Mean and spread of the training images, a channel."""

# Torch and timm leave some types unknown.
# pyright: reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import torch
from torch import Tensor

from designspace.images.decode import decode_all
from designspace.images.split import Encoded, Images, Split

SAMPLE = 2000
"""Images of a streamed set that stand for all."""


def statistics(split: Split) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and spread a channel, on the scale 0 to 1."""
    if isinstance(split, Images):
        return _moments(split.pixels)
    return _moments(_sample(split, SAMPLE))


def _moments(pixels: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    counts = torch.stack(
        [torch.bincount(plane.reshape(-1), minlength=256) for plane in pixels.unbind(1)]
    ).double()
    values = torch.arange(256, dtype=torch.float64) / 255
    share = counts / counts.sum(1, keepdim=True)
    mean = share @ values
    variance = share @ values.square() - mean.square()
    std = variance.clamp_min(1e-8).sqrt()
    return tuple(mean.tolist()), tuple(std.tolist())


def _sample(split: Encoded, count: int, side: int = 64) -> Tensor:
    """Small center crops of evenly spaced images."""
    chosen = range(0, len(split), max(1, len(split) // count))
    images, _ = decode_all(split.take(list(chosen)), (side, side))
    return images.pixels
