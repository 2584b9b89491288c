"""Encoded images to bytes."""

# Torch and timm leave some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from designspace.errors import InputError
from designspace.images.split import Encoded, Images, Skipped
from designspace.library_warnings import silenced
from designspace.spec.crops import Interpolation

UNREADABLE = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    Image.DecompressionBombError,
)


def unreadable(error: Exception) -> str:
    """What is wrong with an image, in one line: one of `UNREADABLE` in words."""
    unknown = isinstance(error, UnidentifiedImageError)  # whose words name an object in memory
    return f"unreadable image ({'of no known format' if unknown else error})"


def open_image(data: bytes, channels: int) -> Image.Image:
    """The whole image decoded, gray or RGB.

    Raises:
        OSError, SyntaxError, ValueError: one of `UNREADABLE`, as Pillow has it.
    """
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("L" if channels == 1 else "RGB")


def to_bytes(image: Image.Image) -> Tensor:
    """A uint8 tensor (C, H, W)."""
    array = np.array(image, dtype=np.uint8)
    if array.ndim == 2:
        return torch.from_numpy(array)[None]
    return torch.from_numpy(array).permute(2, 0, 1)


def resize_and_crop(
    image: Image.Image,
    size: tuple[int, int],
    interpolation: Interpolation = "bicubic",
    crop: int | None = None,
) -> Image.Image:
    """Resizes so that the image just covers `size` (height, width), and crops the center.

    To the pixel what torchvision's `Resize` and `CenterCrop` give, as published evaluations do.

    Args:
        image: Of any size.
        size: What is to be covered.
        interpolation: Of the resizing.
        crop: Side of the square that is cropped; null crops to `size`.
    """
    if (image.height, image.width) != size:
        image = image.resize(_covering(image, size), Image.Resampling[interpolation.upper()])
    height, width = (crop, crop) if crop else size
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))


def _covering(image: Image.Image, size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the image when it just covers a size (height, width)."""
    height, width = size
    if height * image.width >= width * image.height:
        return max(int(height * image.width / image.height), width), height
    return width, max(int(width * image.height / image.width), height)


@silenced()
def decode_all(split: Encoded, size: tuple[int, int]) -> tuple[Images, list[Skipped]]:
    """Decodes every image to `size` (height, width); also what was skipped, and why.

    Raises:
        InputError: for the first unreadable image, unless the split skips those.
    """

    def decode(index: int) -> Tensor | Exception:
        try:
            image = open_image(split.read(index), split.channels)
            return to_bytes(resize_and_crop(image, size))
        except UNREADABLE as error:
            return error

    pixels = torch.empty((len(split), split.channels, *size), dtype=torch.uint8)
    kept: list[int] = []
    skipped: list[Skipped] = []
    with ThreadPoolExecutor(max_workers=4) as pool:
        for index, result in enumerate(pool.map(decode, range(len(split)))):
            if isinstance(result, Tensor):
                pixels[index] = result
                kept.append(index)
            elif split.skip_broken:
                skipped.append(Skipped(split.where(index), unreadable(result)))
            else:
                pool.shutdown(cancel_futures=True)
                place = split.where(index)
                raise InputError(unreadable(result), file=place) from result
    images = Images(pixels, split.labels)
    return (images.take(kept) if skipped else images), skipped
