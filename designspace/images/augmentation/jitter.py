"""Color jitter of a batch of bytes: torchvision's, as timm uses it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import torch
from torch import Tensor

from designspace.images.augmentation.batch_random import Draw
from designspace.images.augmentation.color_ops import blend, each, luma, mean

ORDERS = torch.tensor(list(permutations(range(3))))


def color_jitter(strength: float, draw: Draw) -> Callable[[Tensor], Tensor]:
    """Return a function that changes brightness, contrast and saturation at random.

    Each is multiplied by a factor from 1 - strength to 1 + strength, but not below 0. The order of
    the three is drawn for each image.

    Args:
        strength: Largest deviation of a factor from 1.
        draw: Draw of the images.
    """
    factors = draw.uniform(3, low=max(0.0, 1 - strength), high=1 + strength).T
    orders = ORDERS[draw.integers(len(ORDERS))]
    sent = draw.parcel.put(factors.gather(1, orders).T.float())
    kinds = draw.parcel.put(torch.stack([orders.T == 1, orders.T == 2], 1))

    def run(pixels: Tensor) -> Tensor:
        device = pixels.device
        for factor, (contrast, color) in zip(sent.on(device), kinds.on(device), strict=True):
            # Factor 0 gives black for brightness, the mean luma for contrast, luma for saturation.
            lumas = luma(pixels)
            neutral = torch.where(each(color), lumas, mean(lumas) * each(contrast))
            pixels = blend(pixels.float(), neutral, factor).to(torch.uint8)
        return pixels

    return run
