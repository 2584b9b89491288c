"""The conversion of bytes to the input of a network: size, crop or border, normalisation."""

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
        size: Side of the input [pixels].
        mean: Mean of the training images per channel, on the scale 0 to 1.
        std: Standard deviation of the training images per channel, on the same scale.
        test: Rule for resizing and cropping an image to `size`.
    """

    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    test: TestView

    @property
    def fill(self) -> tuple[int, ...]:
        """Mean color as bytes, one per channel, which fills borders."""
        return tuple(round(255 * value) for value in self.mean)

    def fit(self, pixels: Tensor) -> Tensor:
        """Resize and crop bytes (N, C, H, W) to `size`; bytes of that size stay unchanged.

        Resized images come back as floats from 0 to 255.
        """
        height, width = pixels.shape[2:]
        target = self.test.resized(height, width, self.size)
        if target != (height, width):
            pixels = resize(pixels, list(target), self.test.interpolation)
        if min(target) < self.size:
            pixels = _bordered(pixels, self.size, self.fill)
        return center_crop(pixels, self.size)

    def normalise(self, pixels: Tensor) -> Tensor:
        """Convert bytes, or floats from 0 to 255, to floats of mean 0 and std 1, channels last."""
        shift, scale = _affine(self.mean, self.std, pixels.device)
        if pixels.device.type == "cpu":
            # One pass to read bytes and one to change the layout are faster than a single pass.
            return torch.addcmul(shift, pixels, scale).contiguous(memory_format=torch.channels_last)
        out = torch.empty_like(pixels, dtype=shift.dtype, memory_format=torch.channels_last)
        return torch.addcmul(shift, pixels, scale, out=out)


@lru_cache(maxsize=8)
def _affine(
    mean: tuple[float, ...], std: tuple[float, ...], device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return the shift and the scale that normalise bytes, float32 (1, C, 1, 1) each."""
    spread = 255 * torch.tensor(std, dtype=torch.float64)
    shift = -255 * torch.tensor(mean, dtype=torch.float64) / spread
    scale = 1 / spread
    shift, scale = to_device(torch.stack([shift, scale]).float().view(2, 1, -1, 1, 1), device)
    return shift, scale


def resize(pixels: Tensor, size: list[int], mode: str) -> Tensor:
    """Resize bytes or floats (N, C, H, W) with antialiasing; return floats from 0 to 255."""
    resized = functional.interpolate(
        pixels.float(), size=size, mode=mode, align_corners=False, antialias=True
    )
    return resized.clamp_(0, 255)


def center_crop(pixels: Tensor, size: int) -> Tensor:
    """Return the central square of side `size`, at the position where torchvision cuts it."""
    top, left = (round((side - size) / 2) for side in pixels.shape[2:])
    return pixels[:, :, top : top + size, left : left + size]


def _bordered(pixels: Tensor, size: int, fill: tuple[int, ...]) -> Tensor:
    """Center the images on a canvas of one color whose sides are at least `size` long."""
    count, channels, height, width = pixels.shape
    tall, wide = max(height, size), max(width, size)
    colour = torch.tensor(fill, dtype=pixels.dtype, device=pixels.device).view(1, channels, 1, 1)
    canvas = colour.expand(count, channels, tall, wide).clone()
    top, left = (tall - height) // 2, (wide - width) // 2
    canvas[:, :, top : top + height, left : left + width] = pixels
    return canvas
