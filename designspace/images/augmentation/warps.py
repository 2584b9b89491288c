"""Operators that move pixels: an affine map an image, from places in the output to the input."""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from designspace.spec.crops import Interpolation

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


def warp(pixels: Tensor, maps: Tensor, fill: Tensor, interpolation: Interpolation) -> Tensor:
    """Samples bytes (K, C, H, W) where the maps say; outside the image stands `fill`, bytes (C,).

    Half a pixel inside its border the border goes on. Bilinear sampling is Pillow's. Its bicubic
    kernel has slope -1 where torch's has -0.75, which makes Pillow's a little sharper.
    """
    height, width = pixels.shape[2:]
    # Pixels become -1 to 1 over the image, as torch has them; float32 is enough from here on.
    maps = maps * (2 / maps.new_tensor([width, height]))[:, None]
    maps[:, :, 2] -= 1
    across, down, shift = maps.to(pixels.device, torch.float32, non_blocking=True).unbind(2)
    columns = torch.arange(width, device=pixels.device) + 0.5
    rows = torch.arange(height, device=pixels.device) + 0.5
    # x and y (K, 2, H, W): the sum of what depends on the column and what depends on the row.
    place = (across[..., None] * columns + shift[..., None])[:, :, None]
    place = place + (down[..., None] * rows)[..., None]
    sampled = functional.grid_sample(
        pixels.float(), place.permute(0, 2, 3, 1), interpolation, "border", align_corners=False
    )
    inside = (place.abs() <= 1).all(1, keepdim=True)
    moved = sampled.add_(ROUNDING).clamp_(0, 255).to(torch.uint8)
    return torch.where(inside, moved, fill.view(1, -1, 1, 1))
