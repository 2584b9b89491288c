"""Random crops of a batch of bytes on its device, mirrored in the same pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from designspace.images.augmentation.batch_random import Draw
from designspace.images.augmentation.counting import counting
from designspace.spec.recipe.crops import ResizedCrop


def flip(mirrored: Tensor, draw: Draw) -> Callable[[Tensor], Tensor]:
    """Return a function that mirrors the chosen images left to right.

    Args:
        mirrored: Whether an image is mirrored, bool (K,).
        draw: Draw of these images.
    """
    sent = draw.parcel.put(mirrored)

    def run(pixels: Tensor) -> Tensor:
        if not sent.array.any():
            return pixels
        chosen = sent.on(pixels.device).view(-1, 1, 1, 1)
        return torch.where(chosen, pixels.flip(3), pixels)

    return run


def pad_crop(size: int, padding: int, mirrored: Tensor, draw: Draw) -> Callable[[Tensor], Tensor]:
    """Return a function that pads squares with zeros, crops them at random and mirrors some.

    Args:
        size: Side of the images, before and after [pixels].
        padding: Padding on each side [pixels].
        mirrored: Whether an image is mirrored, bool (K,).
        draw: Draw of these images.
    """
    top, left = draw.integers(2 * padding + 1, 2)
    wide = size + 2 * padding
    # A mirrored image is read from its last column backwards.
    first = top * wide + left + mirrored * (size - 1)
    sent = draw.parcel.put(torch.stack([first, 1 - 2 * mirrored.long()]))

    def run(pixels: Tensor) -> Tensor:
        first, step = sent.on(pixels.device)[..., None, None]
        side = counting(size, pixels.device)
        place = torch.addcmul(first, step, side) + side[:, None] * wide
        padded = functional.pad(pixels, [padding] * 4).flatten(2)
        place = place.view(len(pixels), 1, -1).expand(-1, pixels.shape[1], -1)
        return padded.gather(2, place).view(pixels.shape)

    return run


def resized_crop(
    shape: tuple[int, int], crop: ResizedCrop, size: int, mirrored: Tensor, draw: Draw
) -> Callable[[Tensor], Tensor]:
    """Return a function that crops boxes of random area and aspect to `size` and mirrors some.

    It samples the whole batch in one call, without antialiasing, which matters only if images are
    much larger than `size`.

    Args:
        shape: Height and width of the images [pixels].
        crop: Bounds of area and aspect.
        size: Side of the crops [pixels].
        mirrored: Whether an image is mirrored, bool (K,).
        draw: Draw of these images.
    """
    height, width = shape
    area = draw.uniform(low=crop.scale[0], high=crop.scale[1])
    aspect = draw.uniform(low=math.log(crop.ratio[0]), high=math.log(crop.ratio[1])).exp()
    # Shares of height and width, corrected for the aspect of the image.
    share_w = (area * aspect * height / width).sqrt().clamp(max=1)
    share_h = (area / aspect * width / height).sqrt().clamp(max=1)
    center_x, center_y = (draw.uniform(low=-1) * (1 - share) for share in (share_w, share_h))
    share_w = torch.where(mirrored, -share_w, share_w)
    boxes = torch.stack([center_x, center_y, share_w, share_h]).float()
    sent = draw.parcel.put(boxes.view(2, 2, -1, 1))

    def run(pixels: Tensor) -> Tensor:
        # Not `affine_grid`: its matrix product may round to 10 bits on a GPU (TF32).
        center, share = sent.on(pixels.device)
        across, down = torch.addcmul(center, share, _sides(size, pixels.device))
        shape = len(pixels), size, size
        grid = torch.stack([across[:, None].expand(shape), down[..., None].expand(shape)], 3)
        return rounded(
            functional.grid_sample(
                pixels.float(), grid, crop.interpolation, "reflection", align_corners=False
            )
        )

    return run


@lru_cache(maxsize=8)
def _sides(size: int, device: torch.device) -> Tensor:
    """Return the centers of the pixels along a side that runs from -1 to 1, (size,)."""
    return (torch.arange(size, device=device) * 2 + (1 - size)) / size


def rounded(values: Tensor) -> Tensor:
    """Round numbers to the nearest bytes."""
    return values.round().clamp_(0, 255).to(torch.uint8)
