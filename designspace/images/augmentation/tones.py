"""Operators on the values of bytes, a strength an image: what Pillow's do, to the level.

Each takes bytes (K, C, H, W), gray or RGB, and an argument an image, float32 (K,), on the same
device; it gives bytes. Pillow cuts fractions off, and so do these.
"""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def each(argument: Tensor) -> Tensor:
    """An argument an image (K,) as (K, 1, 1, 1)."""
    return argument.view(-1, 1, 1, 1)


def cut(values: Tensor) -> Tensor:
    """Numbers to bytes, fractions cut off."""
    return values.clamp(0, 255).to(torch.uint8)


def gray(pixels: Tensor) -> Tensor:
    """Luma (K, 1, H, W), int32, in Pillow's fixed point of ITU-R 601."""
    if pixels.shape[1] == 1:
        return pixels.to(torch.int32)
    red, green, blue = pixels.to(torch.int32).unbind(1)
    return ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16)[:, None]


def blend(pixels: Tensor, neutral: Tensor, factor: Tensor) -> Tensor:
    """From `neutral` at factor 0 to the image at 1, and on beyond."""
    base = neutral.float()
    return cut(base + each(factor) * (pixels - base))


def brightness(pixels: Tensor, factor: Tensor) -> Tensor:
    """Black at 0."""
    return cut(pixels * each(factor))


def contrast(pixels: Tensor, factor: Tensor) -> Tensor:
    """The mean luma at 0."""
    return blend(pixels, mean_gray(pixels), factor)


def mean_gray(pixels: Tensor) -> Tensor:
    """The mean luma, rounded: float64 (K, 1, 1, 1)."""
    return (gray(pixels).double().mean((1, 2, 3), keepdim=True) + 0.5).floor()


def color(pixels: Tensor, factor: Tensor) -> Tensor:
    """The luma at 0."""
    return pixels if pixels.shape[1] == 1 else blend(pixels, gray(pixels), factor)


def sharpness(pixels: Tensor, factor: Tensor) -> Tensor:
    """Smoothed at 0: the mean of 3 by 3 pixels, the middle one counted five times."""
    values = pixels.to(torch.int32)
    down = values[:, :, :-2] + values[:, :, 1:-1] + values[:, :, 2:]
    around = down[..., :-2] + down[..., 1:-1] + down[..., 2:]
    smooth = values.clone()  # Pillow leaves the border as it is
    inner = around + 4 * values[:, :, 1:-1, 1:-1]
    smooth[:, :, 1:-1, 1:-1] = torch.div(2 * inner + 13, 26, rounding_mode="floor")
    return blend(pixels, smooth, factor)


def invert(pixels: Tensor, _: Tensor) -> Tensor:
    """The negative."""
    return 255 - pixels


def posterize(pixels: Tensor, bits: Tensor) -> Tensor:
    """Keeps the upper bits: 8 all of them, 0 none."""
    mask = 256 - 2 ** (8 - bits.clamp(0, 8))
    return pixels & each(mask).to(torch.int16).to(torch.uint8)


def solarize(pixels: Tensor, threshold: Tensor) -> Tensor:
    """Inverts values from the threshold on."""
    return torch.where(pixels < each(threshold), pixels, 255 - pixels)


def solarize_add(pixels: Tensor, addend: Tensor) -> Tensor:
    """Adds to values below 128."""
    return torch.where(pixels < 128, cut(pixels + each(addend)), pixels)


def auto_contrast(pixels: Tensor, _: Tensor) -> Tensor:
    """Stretches each channel to the whole range; one of a single value stays."""
    low = pixels.amin((2, 3), keepdim=True).double()
    span = pixels.amax((2, 3), keepdim=True) - low
    scale = 255 / span.clamp_min(1)
    return torch.where(span > 0, cut(pixels * scale - low * scale), pixels)


def equalize(pixels: Tensor, _: Tensor) -> Tensor:
    """Flattens each channel's histogram, by the integer rule of Pillow."""
    count, channels, height, width = pixels.shape
    values = pixels.reshape(count, channels, -1).long()
    hist = torch.zeros((count, channels, 256), dtype=torch.int64, device=pixels.device)
    hist.scatter_add_(2, values, torch.ones_like(values))
    last = hist.gather(2, values.amax(2, keepdim=True))
    step = torch.div(height * width - last, 255, rounding_mode="floor")
    before = functional.pad(hist.cumsum(2)[..., :-1], (1, 0))
    half = torch.div(step, 2, rounding_mode="floor")
    table = torch.div(before + half, step.clamp_min(1), rounding_mode="floor")
    # Too few pixels apart from the brightest value: the channel stays.
    mapped = torch.where(step > 0, table.clamp_max(255).gather(2, values), values)
    return mapped.to(torch.uint8).view(count, channels, height, width)
