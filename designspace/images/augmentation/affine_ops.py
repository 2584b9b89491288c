"""Operators that move pixels: one affine map per image, from output to input positions.

For each pixel of the output, the map gives the position in the input from which to sample. For
example, to shift an image to the right by 3 pixels, the output pixel at x samples the input at
x - 3. The position is a sum of two parts: one depends only on the column, the other only on the
row. So a map of a 224 x 224 image needs 2 x (224 + 224) numbers on their way to the device, not
2 x 224 x 224.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Numbers = NDArray[Any]

ROUNDING = 1e-3
"""Offset that keeps values just below a whole number, by float32 rounding, from being cut off."""


def matrices(turn: Numbers, shear: Numbers, shift: Numbers, height: int, width: int) -> Numbers:
    """Return affine maps, (2, 3, K): x and y of the input from (x, y, 1) of the output, in pixels.

    The maps equal those of Pillow, with pixel centers at halves. At most one change of each image
    may differ from zero.

    Args:
        turn: Angle, counterclockwise around the center, (K,) [degrees].
        shear: Shift along x per row, and along y per column, (2, K) [pixels].
        shift: Shift along x as a share of the width, and along y of the height, (2, K).
        height: Height of the images [pixels].
        width: Width of the images [pixels].
    """
    angle = turn * (-math.pi / 180)
    cos, sin = np.cos(angle), np.sin(angle)
    y, x = height / 2, width / 2
    left, top = x - cos * x - sin * y, y + sin * x - cos * y
    return np.array(
        [
            [cos, sin + shear[0], left + shift[0] * width],
            [shear[1] - sin, cos, top + shift[1] * height],
        ]
    )


def parts(maps: Numbers, height: int, width: int) -> tuple[Numbers, Numbers]:
    """Split maps into the parts that each column and each row add to the position in the input.

    The sum of both parts is the position. Positions run from -1 to 1 over the image, as in torch.

    Args:
        maps: Affine maps from `matrices`, (2, 3, K).
        height: Height of the images [pixels].
        width: Width of the images [pixels].

    Returns:
        The parts of the columns, float32 (K, 2, 1, width), and of the rows, (K, 2, height, 1).
    """
    sides = np.array([width, height])[:, None, None]
    across, down, shift = (2 * maps / sides).transpose(1, 2, 0)[..., None]
    columns, rows = np.arange(width) + 0.5, np.arange(height) + 0.5
    moved = across * columns + shift - 1
    return moved[:, :, None].astype(np.float32), (down * rows)[..., None].astype(np.float32)


def warp(pixels: Tensor, places: Tensor, fill: Tensor, bicubic: int) -> None:
    """Sample images at positions of the input, in place.

    Within half a pixel of the border, the value of the border pixel is used. Bilinear sampling
    equals Pillow's. Bicubic sampling differs: Pillow's kernel has the coefficient -1 and torch's
    -0.75, so that Pillow's result is a little sharper.

    Args:
        pixels: Images, uint8 (K, C, H, W); overwritten.
        places: Positions x and y from -1 to 1, float32 (K, 2, H, W); overwritten.
        fill: Values outside of the image, 0 to 255, (C,).
        bicubic: Number of images, at the end of the batch, that are sampled bicubically; the others
            are sampled bilinearly.
    """
    grids, values = places.permute(0, 2, 3, 1), pixels + ROUNDING
    plain = len(pixels) - bicubic
    modes = {"bilinear": slice(plain), "bicubic": slice(plain, None)}
    sampled = [
        functional.grid_sample(values[part], grids[part], mode, "border", align_corners=False)
        for mode, part in modes.items()
        if len(values[part])
    ]
    if bicubic:
        sampled[-1].clamp_(0, 255)
    moved = sampled[0] if len(sampled) == 1 else torch.cat(sampled)
    inside = places.abs_().amax(1, keepdim=True) <= 1
    pixels.copy_(torch.where(inside, moved, fill.view(1, -1, 1, 1)))
