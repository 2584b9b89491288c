"""Decoding of encoded images to bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from designspace.errors import InputError
from designspace.images.pixels.modes import converted
from designspace.images.pixels.opening import opened, unreadable
from designspace.images.split import DecodedSplit, EncodedSplit, Skipped
from designspace.library_warnings import silenced
from designspace.spec.recipe.crops import Interpolation

Made = TypeVar("Made")
THREADS = 4
LARGEST_RESIZE = 1 << 24
"""Maximal pixels of a resized image before it is cropped; larger ones are resized in part."""


def open_image(data: bytes, channels: int) -> Image.Image:
    """Decode a whole image to gray or RGB.

    Args:
        data: Bytes of the encoded image.
        channels: 1 for gray, 3 for RGB.

    Raises:
        BrokenImageError: The image cannot be read. This `OSError` states the reason in one line.
    """
    with opened(data) as image:
        return converted(image, channels)


def to_bytes(image: Image.Image) -> Tensor:
    """Convert an image to a tensor, uint8 (C, H, W)."""
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
    """Resize an image so that it just covers `size`, and crop the center.

    The pixels equal those of torchvision's `Resize` and `CenterCrop`, which published evaluations
    use. There is one exception: an image so narrow that it would have more than `LARGEST_RESIZE`
    pixels when resized, such as 1x20000. Of such an image, only the part that the crop needs is
    resized, and values may differ by rounding.

    Args:
        image: Image of any size.
        size: Height and width to cover [pixels].
        interpolation: Interpolation of the resizing.
        crop: Side of the square to crop [pixels]; None crops to `size`.
    """
    width, height = _covering(image, size)
    tall, wide = (crop, crop) if crop else size
    left, top = round((width - wide) / 2), round((height - tall) / 2)
    box = (left, top, left + wide, top + tall)
    mode = Image.Resampling[interpolation.upper()]
    if width * height > LARGEST_RESIZE:
        return _resized_part(image, (width, height), box, mode)
    if (image.width, image.height) != (width, height):
        image = image.resize((width, height), mode)
    return image.crop(box)


def _covering(image: Image.Image, size: tuple[int, int]) -> tuple[int, int]:
    """Return the width and height at which the image just covers a size (height, width)."""
    height, width = size
    if height * image.width >= width * image.height:
        return max(int(height * image.width / image.height), width), height
    return width, max(int(width * image.height / image.width), height)


def _resized_part(
    image: Image.Image,
    size: tuple[int, int],
    box: tuple[int, int, int, int],
    mode: Image.Resampling,
) -> Image.Image:
    """Compute `image.resize(size, mode).crop(box)` without the pixels around the box."""
    across, down = image.width / size[0], image.height / size[1]
    region = (box[0] * across, box[1] * down, box[2] * across, box[3] * down)
    # First crop to the pixels that the filter uses: 32-bit floats are exact only for small numbers.
    reach = 4 * math.ceil(max(across, down, 1))
    left, top = max(math.floor(region[0]) - reach, 0), max(math.floor(region[1]) - reach, 0)
    right = min(math.ceil(region[2]) + reach, image.width)
    bottom = min(math.ceil(region[3]) + reach, image.height)
    part = image.crop((left, top, right, bottom))
    inner = (region[0] - left, region[1] - top, region[2] - left, region[3] - top)
    # Resize along the rows first, as Pillow does with a whole image that is enlarged.
    wide, tall = box[2] - box[0], box[3] - box[1]
    rows = (inner[0], 0.0, min(inner[2], part.width), float(part.height))
    part = part.resize((wide, part.height), mode, rows)
    columns = (0.0, inner[1], float(wide), min(inner[3], part.height))
    return part.resize((wide, tall), mode, columns)


@silenced()
def decode_all(split: EncodedSplit, size: tuple[int, int]) -> tuple[DecodedSplit, list[Skipped]]:
    """Decode every image to `size` (height, width); return the split and the skipped images.

    Raises:
        InputError: An image is unreadable, and the split does not skip those. The error names the
            first one.
    """
    pixels = torch.empty((len(split), split.channels, *size), dtype=torch.uint8)
    kept: list[int] = []
    skipped: list[Skipped] = []
    for index, found in each_image(split, lambda image: to_bytes(resize_and_crop(image, size))):
        if isinstance(found, Skipped):
            skipped.append(found)
        else:
            pixels[index] = found
            kept.append(index)
    images = DecodedSplit(pixels, split.labels)
    return (images.take(kept) if skipped else images), skipped


@silenced()
def readable(split: EncodedSplit) -> tuple[EncodedSplit, list[Skipped]]:
    """Return the split of images that can be decoded, still in files, and the skipped images.

    Raises:
        InputError: An image is unreadable, and the split does not skip those. The error names the
            first one.
    """
    found = list(each_image(split, lambda _: None))
    skipped = [one for _, one in found if one is not None]
    kept = [index for index, one in found if one is None]
    return (split.take(kept) if skipped else split), skipped


def each_image(
    split: EncodedSplit, use: Callable[[Image.Image], Made]
) -> Generator[tuple[int, Made | Skipped]]:
    """Decode every image and yield its index and the result of `use`, in order.

    An unreadable image yields a `Skipped` with the reason instead. A few threads decode; the caller
    must silence the warnings of libraries.

    Raises:
        InputError: An image is unreadable, and the split does not skip those. The error names the
            first one.
    """

    def decode(index: int) -> Made | OSError:
        try:
            image = open_image(split.read(index), split.channels)
        except OSError as error:
            return error
        return use(image)

    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        for index, found in enumerate(pool.map(decode, range(len(split)))):
            if not isinstance(found, OSError):
                yield index, found
                continue
            broken = Skipped(split.where(index), unreadable(found))
            if not split.skip_broken:
                pool.shutdown(cancel_futures=True)
                raise InputError(broken.reason, file=broken.file) from found
            yield index, broken
