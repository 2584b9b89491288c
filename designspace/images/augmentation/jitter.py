"""Colour jitter of a batch of bytes: torchvision's, as timm uses it."""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from itertools import permutations

import torch
from torch import Tensor

from designspace.images.augmentation.draw import Draw
from designspace.images.augmentation.tones import blend, each, gray, mean_gray

ORDERS = torch.tensor(list(permutations(range(3))))


def color_jitter(pixels: Tensor, strength: float, draw: Draw) -> Tensor:
    """Brightness, contrast and saturation times a factor within 1 - strength and 1 + strength.

    In an order drawn for each image. Factors are not below 0.
    """
    factors = draw.uniform(3, low=max(0.0, 1 - strength), high=1 + strength).T
    orders = ORDERS[draw.integers(len(ORDERS))]
    factors = factors.gather(1, orders).float().to(pixels.device, non_blocking=True)
    orders = orders.to(pixels.device, non_blocking=True)
    for kind, factor in zip(orders.T, factors.T, strict=True):
        pixels = blend(pixels, _neutral(pixels, each(kind)), factor)
    return pixels


def _neutral(pixels: Tensor, kind: Tensor) -> Tensor:
    """What stands at factor 0: black for brightness, the mean luma for contrast, or the luma."""
    luma = torch.where(kind == 2, gray(pixels), mean_gray(pixels))
    return torch.where(kind == 0, 0, luma)
