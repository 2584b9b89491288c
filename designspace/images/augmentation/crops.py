"""Random crops of a batch of bytes where it lies, mirrored in the same pass."""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from designspace.images.augmentation.draw import Draw
from designspace.spec.crops import ResizedCrop


def flip(pixels: Tensor, mirrored: Tensor) -> Tensor:
    """Mirrors the chosen images, bool (K,), left to right."""
    chosen = mirrored.to(pixels.device, non_blocking=True).view(-1, 1, 1, 1)
    return torch.where(chosen, pixels.flip(3), pixels)


def pad_crop(pixels: Tensor, padding: int, mirrored: Tensor, draw: Draw) -> Tensor:
    """Pads with zeros, crops each image back at a place of its own, and mirrors those chosen."""
    count, channels, height, width = pixels.shape
    shifts = draw.integers(2 * padding + 1, 2)[..., None]
    ahead = torch.arange(width)
    rows = shifts[0] + torch.arange(height)
    columns = shifts[1] + torch.where(mirrored[:, None], ahead.flip(0), ahead)
    place = rows[:, :, None] * (width + 2 * padding) + columns[:, None]
    place = place.view(count, 1, -1).to(pixels.device, non_blocking=True)
    padded = functional.pad(pixels, [padding] * 4).view(count, channels, -1)
    return padded.gather(2, place.expand(-1, channels, -1)).view(pixels.shape)


def resized_crop(
    pixels: Tensor, crop: ResizedCrop, size: int, mirrored: Tensor, draw: Draw
) -> Tensor:
    """Crops boxes of random area and aspect, samples them at `size`, and mirrors those chosen.

    One call for the batch; without antialiasing, which matters only where images are much larger
    than `size`.
    """
    height, width = pixels.shape[2:]
    area = draw.uniform(low=crop.scale[0], high=crop.scale[1])
    aspect = draw.uniform(low=math.log(crop.ratio[0]), high=math.log(crop.ratio[1])).exp()
    # Shares of height and width, the image's own aspect taken into account.
    share_w = (area * aspect * height / width).sqrt().clamp(max=1)
    share_h = (area / aspect * width / height).sqrt().clamp(max=1)
    theta = torch.zeros(len(pixels), 2, 3)
    theta[:, 0, 0] = torch.where(mirrored, -share_w, share_w)
    theta[:, 1, 1] = share_h
    theta[:, 0, 2] = draw.uniform(low=-1) * (1 - share_w)
    theta[:, 1, 2] = draw.uniform(low=-1) * (1 - share_h)
    shape = [len(pixels), pixels.shape[1], size, size]
    theta = theta.to(pixels.device, non_blocking=True)
    grid = functional.affine_grid(theta, shape, align_corners=False)
    sampled = functional.grid_sample(
        pixels.float(), grid, crop.interpolation, "reflection", align_corners=False
    )
    return rounded(sampled)


def rounded(values: Tensor) -> Tensor:
    """Numbers to the nearest bytes."""
    return values.round().clamp(0, 255).to(torch.uint8)
