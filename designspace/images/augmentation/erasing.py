"""Random erasing (arXiv 1708.04896) of a batch, with timm's boxes: rectangles become noise.

The corners of the boxes are drawn on the CPU, for the whole batch. The noise is computed on the
images' device and only for the erased pixels. It is a hash of seed, epoch, step, row in the batch,
position in the box and channel: see `noise`.

The pixels of all boxes form one list, so that one operation fills all of them. For example, a box
of 2 x 3 pixels at the top left of an image that is 10 pixels wide has two rows. They are entries 0
to 2 and 3 to 5 of the list, and pixels 0 to 2 and 10 to 12 of the image. Within a row, the distance
from list entry to pixel is constant (0 and 7). So three numbers describe a row: its length, this
distance, and the distance to the counters of its noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from designspace.images.augmentation.batch_random import Draw
from designspace.images.augmentation.noise import STEP, channel_keys, forward, keys, normal

AREA = (0.02, 1 / 3)
"""Smallest and largest share of the image, for all of its boxes together."""
ASPECT = 0.3
"""Smallest ratio of height to width; the largest is its inverse."""
ATTEMPTS = 10
"""Number of draws for a box that fits; if none fits, the image stays unchanged."""

Size = tuple[int, int]


class Boxes(NamedTuple):
    """One box per image, int64 (K,) each [pixels]; a box without area erases nothing."""

    top: NDArray[np.int64]
    left: NDArray[np.int64]
    tall: NDArray[np.int64]
    wide: NDArray[np.int64]


def erase(size: Size, probability: float, count: int, draw: Draw) -> Callable[[Tensor], Tensor]:
    """Draw boxes and return a function that fills them with normal noise.

    Args:
        size: Height and width of the images [pixels].
        probability: Probability that an image is changed at all.
        count: Maximal number of boxes per image; 1 to `count` are drawn, and share the area.
        draw: Draw of these images.

    Returns:
        A function that takes and returns normalised images (K, C, H, W). It works in place if they
        are channels last.
    """
    touched = draw.chance(probability)
    boxes = draw.integers(count) + 1
    drawn = [_boxes(size, boxes, touched & (number < boxes), draw) for number in range(count)]
    key, rows = draw.key(), draw.places.numpy()
    fills = [
        _fill(size, each, keys(key, rows, np.full(1, number)), draw)
        for number, each in enumerate(drawn)
    ]

    def run(images: Tensor) -> Tensor:
        images = images.contiguous(memory_format=torch.channels_last)
        pixels = images.permute(0, 2, 3, 1).view(-1, images.shape[1])
        for fill in fills:
            fill(pixels)
        return images

    return run


def _boxes(size: Size, boxes: Tensor, erased: Tensor, draw: Draw) -> Boxes:
    """Draw one box per image: the first of `ATTEMPTS` draws that is smaller than the image."""
    height, width = size
    area = draw.uniform(ATTEMPTS, low=AREA[0], high=AREA[1]) * height * width / boxes
    aspect = draw.uniform(ATTEMPTS, low=math.log(ASPECT), high=-math.log(ASPECT)).exp()
    tall, wide = (area * aspect).sqrt().round(), (area / aspect).sqrt().round()
    fits = (tall < height) & (wide < width)
    first = fits.int().argmax(0, keepdim=True)
    tall, wide = (side.gather(0, first)[0] * fits.any(0) * erased for side in (tall, wide))
    top = (draw.uniform() * (height - tall + 1)).floor()
    left = (draw.uniform() * (width - wide + 1)).floor()
    return Boxes(*(side.long().numpy() for side in (top, left, tall, wide)))


def _fill(
    size: Size, boxes: Boxes, keys: NDArray[np.int64], draw: Draw
) -> Callable[[Tensor], None]:
    """Return a function that writes noise into boxes of pixels (K * H * W, C).

    The pixels of all boxes form one list, box by box and row by row. Within a row, the distance
    from a pixel's position in the list to its position in the batch is constant, and so is the
    distance to its counter.
    """
    height, width = size
    tall, wide = boxes.tall, boxes.wide.repeat(boxes.tall)
    image = np.arange(len(tall)).repeat(tall)
    row = np.arange(len(image)) - (tall.cumsum() - tall).repeat(tall)
    start = wide.cumsum() - wide  # position in the list at which a row begins
    first = (image * height + boxes.top[image] + row) * width + boxes.left[image]
    total = int(wide.sum())
    sent = draw.parcel.put(
        np.stack([wide, first - start, forward(keys[image], row * wide - start)])
    )

    def run(pixels: Tensor) -> None:
        if not total:
            return
        numbers = sent.on(pixels.device)
        shift, key = numbers[1:].repeat_interleave(numbers[0], dim=1, output_size=total)
        place = torch.arange(total, device=pixels.device)
        counters = torch.add(key, place, alpha=STEP)[:, None] + channel_keys(
            pixels.shape[1], pixels.device
        )
        pixels.index_copy_(0, shift.add_(place), normal(counters).to(pixels.dtype))

    return run
