"""How bytes become the input of a network: size, crop or border, normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from designspace.images.pinned import to_device
from designspace.spec.recipe.crops import TestView


@dataclass(frozen=True)
class View:
    """The input that a network sees when it is measured.

    Attributes:
        size: side in pixels.
        mean: a channel, of the training images, on the scale 0 to 1.
        std: a channel, likewise.
        test: how an image is resized and cropped to `size`.
    """

    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    test: TestView

    @property
    def fill(self) -> tuple[int, ...]:
        """Bytes of the mean colour, which fill a border up."""
        return tuple(round(255 * value) for value in self.mean)

    def fit(self, pixels: Tensor) -> Tensor:
        """Bytes (N, C, H, W) resized and cropped to `size`; bytes of that size unchanged."""
        height, width = pixels.shape[2:]
        target = self.test.resized(height, width, self.size)
        if target != (height, width):
            pixels = resize(pixels, list(target), self.test.interpolation)
        if min(target) < self.size:
            pixels = _bordered(pixels, self.size, self.fill)
        return center_crop(pixels, self.size)

    def normalise(self, pixels: Tensor) -> Tensor:
        """Bytes, or floats from 0 to 255, to floats of mean 0 and spread 1, channels last."""
        shift, scale = _affine(self.mean, self.std, pixels.device)
        if pixels.device.type == "cpu":
            # One pass that reads bytes, one that changes the layout: quicker than both in one.
            return torch.addcmul(shift, pixels, scale).contiguous(memory_format=torch.channels_last)
        out = torch.empty_like(pixels, dtype=shift.dtype, memory_format=torch.channels_last)
        return torch.addcmul(shift, pixels, scale, out=out)


@lru_cache(maxsize=8)
def _affine(
    mean: tuple[float, ...], std: tuple[float, ...], device: torch.device
) -> tuple[Tensor, Tensor]:
    """What to add and what to multiply bytes with, (1, C, 1, 1) each."""
    spread = 255 * torch.tensor(std, dtype=torch.float64)
    shift = -255 * torch.tensor(mean, dtype=torch.float64) / spread
    scale = 1 / spread
    shift, scale = to_device(torch.stack([shift, scale]).float().view(2, 1, -1, 1, 1), device)
    return shift, scale


def resize(pixels: Tensor, size: list[int], mode: str) -> Tensor:
    """Antialiased resize of bytes or floats; floats from 0 to 255 come back."""
    resized = functional.interpolate(
        pixels.float(), size=size, mode=mode, align_corners=False, antialias=True
    )
    return resized.clamp_(0, 255)


def center_crop(pixels: Tensor, size: int) -> Tensor:
    """The central square of side `size`, where torchvision cuts it."""
    top, left = (round((side - size) / 2) for side in pixels.shape[2:])
    return pixels[:, :, top : top + size, left : left + size]


def _bordered(pixels: Tensor, size: int, fill: tuple[int, ...]) -> Tensor:
    """The images in the middle of a canvas of one colour, no side of which is below `size`."""
    count, channels, height, width = pixels.shape
    tall, wide = max(height, size), max(width, size)
    colour = torch.tensor(fill, dtype=pixels.dtype, device=pixels.device).view(1, channels, 1, 1)
    canvas = colour.expand(count, channels, tall, wide).clone()
    top, left = (tall - height) // 2, (wide - width) // 2
    canvas[:, :, top : top + height, left : left + width] = pixels
    return canvas
