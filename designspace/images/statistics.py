"""Mean and standard deviation of the pixels of a split, per channel, on the scale 0 to 1.

Each image has the same weight, whatever its size, because a network sees all images at one size. A
decoded split is measured as a whole; a split of files is measured on a sample of evenly spaced
images.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from designspace.errors import InputError
from designspace.images.pixels.decode import each_image
from designspace.images.split import DecodedSplit, EncodedSplit, Skipped, Split
from designspace.library_warnings import silenced

SAMPLE = 2000
"""Number of images that are measured of a streamed set."""
NARROWEST = 1e-4
"""Smallest standard deviation to normalise with, for pixels that are all equal."""


@dataclass(frozen=True)
class PixelStatistics:
    """Statistics of the pixels of a split.

    Attributes:
        mean: Mean per channel, 0 to 1.
        std: Standard deviation per channel on the same scale; 0 if all pixels are equal.
        images: Number of images that were measured.
        skipped: Images that could not be read.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    images: int
    skipped: tuple[Skipped, ...] = ()


def statistics(split: Split) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation per channel to normalise with; the latter is never 0.

    Raises:
        InputError: See `measure`.
    """
    found = measure(split)
    return found.mean, tuple(max(spread, NARROWEST) for spread in found.std)


def measure(split: Split, sample: int = SAMPLE) -> PixelStatistics:
    """Measure the pixels of a split.

    Args:
        split: Split to measure; it holds at least one image.
        sample: Number of images to read if they are in files.

    Raises:
        InputError: An image is unreadable and the split does not skip those, or none is readable.
    """
    return _of_bytes(split) if isinstance(split, DecodedSplit) else _of_files(split, sample)


def _of_bytes(split: DecodedSplit) -> PixelStatistics:
    planes = split.pixels.unbind(1)
    counts = torch.stack([torch.bincount(plane.reshape(-1), minlength=256) for plane in planes])
    return _moments(counts, len(split))


@silenced()
def _of_files(split: EncodedSplit, sample: int) -> PixelStatistics:
    chosen = split.take(spaced(len(split), sample))
    total = torch.zeros(split.channels, 256, dtype=torch.float64)
    images, skipped = 0, list[Skipped]()
    for _, found in each_image(chosen, _shares):
        if isinstance(found, Skipped):
            skipped.append(found)
        else:
            total, images = total + found, images + 1
    if not images:
        raise InputError(f"none of {len(chosen)} images is readable; the first: {skipped[0]}")
    return _moments(total, images, tuple(skipped))


def _shares(image: Image.Image) -> Tensor:
    """Return the share of an image's pixels that each value has, float64 (C, 256)."""
    counts = torch.tensor(image.histogram(), dtype=torch.float64).view(-1, 256)
    return counts / (image.width * image.height)


def _moments(counts: Tensor, images: int, skipped: tuple[Skipped, ...] = ()) -> PixelStatistics:
    """Compute the statistics from the frequency of each value, (C, 256)."""
    values = torch.arange(256, dtype=torch.float64) / 255
    share = counts.double() / counts.sum(1, keepdim=True).clamp_min(1e-300)
    mean = share @ values
    spread = (share * (values - mean[:, None]).square()).sum(1).sqrt()
    return PixelStatistics(tuple(mean.tolist()), tuple(spread.tolist()), images, skipped)


def spaced(total: int, count: int) -> list[int]:
    """Return `count` evenly spaced numbers below `total`, or all of them if there are fewer."""
    if total <= count:
        return list(range(total))
    return [number * total // count for number in range(count)]
