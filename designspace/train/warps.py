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
    half = maps.new_tensor([pixels.shape[3] / 2, pixels.shape[2] / 2])
    # Pixels become -1 to 1 over the image.
    middle = maps[:, :, :2] @ half + maps[:, :, 2]
    theta = torch.cat([maps[:, :, :2] * half, (middle - half)[:, :, None]], 2) / half[:, None]
    theta = theta.to(pixels.device, torch.float32, non_blocking=True)
    grid = functional.affine_grid(theta, list(pixels.shape), align_corners=False)
    sampled = functional.grid_sample(
        pixels.float(), grid, interpolation, "border", align_corners=False
    )
    inside = (grid.abs().amax(3) <= 1)[:, None]
    moved = sampled.add_(ROUNDING).clamp_(0, 255).to(torch.uint8)
    return torch.where(inside, moved, fill.view(1, -1, 1, 1))
