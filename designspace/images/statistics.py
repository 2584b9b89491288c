"""Mean and spread of the pixels of a split, per channel, on the scale 0 to 1.

Each image counts the same, however large it is: a network sees all of them at one size. Pixels that
were decoded once are all counted; of images in their files, evenly spaced ones stand for all.
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
"""Images of a streamed set that stand for all."""
NARROWEST = 1e-4
"""Spread that pixels without any are divided by."""


@dataclass(frozen=True)
class PixelStatistics:
    """The pixels of a split.

    Attributes:
        mean: per channel, 0 to 1.
        std: per channel, likewise; 0 where all pixels are equal.
        images: so many were measured.
        skipped: those that could not be read.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    images: int
    skipped: tuple[Skipped, ...] = ()


def statistics(split: Split) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and spread per channel to normalise with: no spread is 0.

    Raises:
        InputError: as `measure`.
    """
    found = measure(split)
    return found.mean, tuple(max(spread, NARROWEST) for spread in found.std)


def measure(split: Split, sample: int = SAMPLE) -> PixelStatistics:
    """Measure the pixels of a split.

    Args:
        split: what to measure; it holds an image at least.
        sample: images to read where they lie in files.

    Raises:
        InputError: an unreadable image, unless the split skips those, or no readable one.
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
    """How large a part of an image each value has, float64 (C, 256)."""
    counts = torch.tensor(image.histogram(), dtype=torch.float64).view(-1, 256)
    return counts / (image.width * image.height)


def _moments(counts: Tensor, images: int, skipped: tuple[Skipped, ...] = ()) -> PixelStatistics:
    """Of how often each value occurs, (C, 256)."""
    values = torch.arange(256, dtype=torch.float64) / 255
    share = counts.double() / counts.sum(1, keepdim=True).clamp_min(1e-300)
    mean = share @ values
    spread = (share * (values - mean[:, None]).square()).sum(1).sqrt()
    return PixelStatistics(tuple(mean.tolist()), tuple(spread.tolist()), images, skipped)


def spaced(total: int, count: int) -> list[int]:
    """Evenly spaced numbers below `total`, `count` of them or all."""
    if total <= count:
        return list(range(total))
    return [number * total // count for number in range(count)]
