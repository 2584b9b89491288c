"""Operators that move pixels: an affine map an image, from places in the output to the input."""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from designspace.images.augmentation.counting import centers

ROUNDING = 1e-3
"""Keeps what is a whole number but for float32 from being cut to the one below."""


def matrices(turn: Tensor, shear: Tensor, shift: Tensor, height: int, width: int) -> Tensor:
    """Affine maps (K, 2, 3): x and y of the input from x, y and 1 of the output, in pixels.

    As Pillow has them, with pixel centers at halves. Of the changes of an image one alone may
    differ from zero.

    Args:
        turn: degrees, counterclockwise around the center, (K,).
        shear: pixels that a row slides along x a row, and a column along y a column, (2, K).
        shift: shares of the width and of the height, (2, K).
        height: in pixels.
        width: in pixels.
    """
    angle = turn * (-math.pi / 180)
    cos, sin = angle.cos(), angle.sin()
    y, x = height / 2, width / 2
    left, top = x - cos * x - sin * y, y + sin * x - cos * y
    above = torch.stack([cos, sin + shear[0], left + shift[0] * width], 1)
    below = torch.stack([shear[1] - sin, cos, top + shift[1] * height], 1)
    return torch.stack([above, below], 1)


def scaled(maps: Tensor, height: int, width: int) -> Tensor:
    """Maps (K, 2, 3) to places that run from -1 to 1 over the image, float32 (3, K, 2).

    As torch has them: what x and y depend on by the column, by the row, and not at all.
    """
    maps = maps * (2 / maps.new_tensor([width, height]))[:, None]
    maps[:, :, 2] -= 1
    return maps.permute(2, 0, 1).float()


def warp(pixels: Tensor, maps: Tensor, fill: Tensor, bicubic: int) -> None:
    """Samples bytes (K, C, H, W) where the maps say, in place.

    Half a pixel inside its border the border goes on. Bilinear sampling is Pillow's. Its bicubic
    kernel has slope -1 where torch's has -0.75, which makes Pillow's a little sharper.

    Args:
        pixels: overwritten.
        maps: from `scaled`.
        fill: stands outside of the image, bytes (C,).
        bicubic: the number of images, at the end, that are sampled so, and not bilinearly.
    """
    places = _places(maps, pixels.shape[2], pixels.shape[3])
    grids, values = places.permute(0, 2, 3, 1), pixels.float()
    plain = len(pixels) - bicubic
    parts = {"bilinear": slice(plain), "bicubic": slice(plain, None)}
    sampled = [
        functional.grid_sample(values[part], grids[part], mode, "border", align_corners=False)
        for mode, part in parts.items()
        if len(values[part])
    ]
    moved = sampled[0] if len(sampled) == 1 else torch.cat(sampled)
    inside = (places.abs() <= 1).all(1, keepdim=True)
    moved = moved.add_(ROUNDING).clamp_(0, 255)
    pixels.copy_(torch.where(inside, moved, fill.view(1, -1, 1, 1)))


def _places(maps: Tensor, height: int, width: int) -> Tensor:
    """X and y of the input (K, 2, H, W): what the column adds to what the row adds."""
    across, down, shift = maps[..., None]
    columns, rows = centers(width, maps.device), centers(height, maps.device)
    return (across * columns + shift)[:, :, None] + (down * rows)[..., None]
