"""Operators that move pixels: an affine map an image, from places in the output to the input."""

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
"""Keeps what is a whole number but for float32 from being cut to the one below."""


def matrices(turn: Numbers, shear: Numbers, shift: Numbers, height: int, width: int) -> Numbers:
    """Affine maps (2, 3, K): x and y of the input from x, y and 1 of the output, in pixels.

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
    """What each column, and what each row, adds to x and y of the input; the sum is the place.

    Places run from -1 to 1 over the image, as torch has them.

    Args:
        maps: from `matrices`.
        height: in pixels.
        width: in pixels.

    Returns:
        Float32 (K, 2, 1, width) and (K, 2, height, 1).
    """
    sides = np.array([width, height])[:, None, None]
    across, down, shift = (2 * maps / sides).transpose(1, 2, 0)[..., None]
    columns, rows = np.arange(width) + 0.5, np.arange(height) + 0.5
    moved = across * columns + shift - 1
    return moved[:, :, None].astype(np.float32), (down * rows)[..., None].astype(np.float32)


def warp(pixels: Tensor, places: Tensor, fill: Tensor, bicubic: int) -> None:
    """Samples bytes (K, C, H, W) at places of the input, in place.

    Half a pixel inside its border the border goes on. Bilinear sampling is Pillow's. Its bicubic
    kernel has slope -1 where torch's has -0.75, which makes Pillow's a little sharper.

    Args:
        pixels: overwritten.
        places: x and y from -1 to 1, float32 (K, 2, H, W); overwritten.
        fill: stands outside of the image, bytes (C,).
        bicubic: the number of images, at the end, that are sampled so, and not bilinearly.
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
