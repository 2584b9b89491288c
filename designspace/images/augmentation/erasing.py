"""Random erasing (arXiv 1708.04896) of a batch, with timm's boxes: rectangles become noise."""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import math

import torch
from torch import Tensor

from designspace.images.augmentation.draw import Draw

AREA = (0.02, 1 / 3)
"""Smallest and largest share of the image, over all of its boxes."""
ASPECT = 0.3
"""Smallest height over width; the largest is its inverse."""
ATTEMPTS = 10
"""Draws until a box fits; an image in which none does stays whole."""


def erase(images: Tensor, probability: float, count: int, draw: Draw) -> Tensor:
    """Fills boxes with normal noise, in place.

    Args:
        images: normalised, (K, C, H, W).
        probability: that an image is touched at all.
        count: most boxes an image; 1 to `count` are drawn, and share the area.
        draw: of these images.
    """
    channels, height, width = images.shape[1:]
    mask = _mask(height, width, probability, count, draw.whole)
    # Noise is drawn for the erased pixels of the whole batch, image after image.
    sizes = channels * mask.sum((1, 2))
    noise = torch.randn(int(sizes.sum()), generator=draw.generator)
    if draw.rows is not None:
        pieces = noise.split(sizes.tolist())
        noise = torch.cat([pieces[row] for row in draw.rows.tolist()])
        mask = mask[draw.rows]
    erased = mask[:, None].to(images.device, non_blocking=True)
    return images.masked_scatter_(erased, noise.to(images.device, images.dtype, non_blocking=True))


def _mask(height: int, width: int, probability: float, count: int, draw: Draw) -> Tensor:
    """What is erased: bool (N, H, W)."""
    touched = draw.chance(probability)
    boxes = draw.integers(count) + 1
    mask = torch.zeros((draw.count, height, width), dtype=torch.bool)
    for number in range(count):
        box = _box(height, width, boxes, draw)
        mask |= box & (touched & (number < boxes))[:, None, None]
    return mask


def _box(height: int, width: int, boxes: Tensor, draw: Draw) -> Tensor:
    """A box an image, the first of some draws that is smaller than the image: bool (N, H, W)."""
    area = draw.uniform(ATTEMPTS, low=AREA[0], high=AREA[1]) * height * width / boxes
    aspect = draw.uniform(ATTEMPTS, low=math.log(ASPECT), high=-math.log(ASPECT)).exp()
    tall, wide = (area * aspect).sqrt().round(), (area / aspect).sqrt().round()
    fits = (tall < height) & (wide < width)
    first = fits.int().argmax(0, keepdim=True)
    tall, wide = (side.gather(0, first)[0] * fits.any(0) for side in (tall, wide))
    top = (draw.uniform() * (height - tall + 1)).floor()
    left = (draw.uniform() * (width - wide + 1)).floor()
    return (_within(height, top, tall)[:, :, None]) & (_within(width, left, wide)[:, None, :])


def _within(side: int, start: Tensor, length: Tensor) -> Tensor:
    """Whether a place along a side is in an interval: bool (N, side)."""
    places = torch.arange(side)
    return (places >= start[:, None]) & (places < (start + length)[:, None])
