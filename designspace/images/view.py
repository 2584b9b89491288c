"""How bytes become the input of a network: size, center crop, normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from designspace.spec.crops import TestView


@dataclass(frozen=True)
class View:
    """The input that a network sees when it is measured.

    Attributes:
        size: side in pixels.
        mean: a channel, of the training images, on the scale 0 to 1.
        std: a channel, likewise.
        test: share and interpolation of the center crop.
    """

    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    test: TestView

    @property
    def covering(self) -> int:
        """Side that the short side is resized to before the center is cropped."""
        return self.test.covering(self.size)

    def fit(self, pixels: Tensor) -> Tensor:
        """Bytes (N, C, H, W) resized and center-cropped to `size`; bytes of that size unchanged."""
        height, width = pixels.shape[2:]
        if (height, width) == (self.covering, self.covering):
            return center_crop(pixels, self.size)
        scale = self.covering / min(height, width)
        target = [max(round(side * scale), self.covering) for side in (height, width)]
        mode = self.test.interpolation
        return center_crop(resize(pixels, target, mode), self.size)

    def normalise(self, pixels: Tensor) -> Tensor:
        """Bytes, or floats from 0 to 255, to floats of mean 0 and spread 1, channels last."""
        shift, scale = _affine(self.mean, self.std, pixels.device)
        # One pass that reads bytes, one that changes the layout: quicker than both in one.
        return torch.addcmul(shift, pixels, scale).contiguous(memory_format=torch.channels_last)


@lru_cache(maxsize=8)
def _affine(
    mean: tuple[float, ...], std: tuple[float, ...], device: torch.device
) -> tuple[Tensor, Tensor]:
    """What to add and what to multiply bytes with, (1, C, 1, 1) each."""
    spread = 255 * torch.tensor(std, dtype=torch.float64)
    shift = -255 * torch.tensor(mean, dtype=torch.float64) / spread
    scale = 1 / spread
    return shift.float().view(1, -1, 1, 1).to(device), scale.float().view(1, -1, 1, 1).to(device)


def resize(pixels: Tensor, size: list[int], mode: str) -> Tensor:
    """Antialiased resize of bytes or floats; floats from 0 to 255 come back."""
    resized = functional.interpolate(
        pixels.float(), size=size, mode=mode, align_corners=False, antialias=True
    )
    return resized.clamp_(0, 255)


def center_crop(pixels: Tensor, size: int) -> Tensor:
    """The central square of side `size`."""
    top, left = (pixels.shape[2] - size) // 2, (pixels.shape[3] - size) // 2
    return pixels[:, :, top : top + size, left : left + size]
