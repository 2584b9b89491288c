"""Transforms of an encoded image while it is read: the view's crop, or a random one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from PIL import Image, ImageOps
from torch import Generator, Tensor

from designspace.images.pixels.decode import resize_and_crop, to_bytes
from designspace.images.view import View
from designspace.spec.recipe.crops import Crop, PadCrop, ResizedCrop

ATTEMPTS = 10
"""Number of draws for a box that lies in the image; the same as in torchvision."""


@dataclass(frozen=True)
class TestLook:
    """The transform for evaluation: the view in which a network is measured."""

    __test__ = False

    view: View

    def __call__(self, image: Image.Image, _: Generator) -> Tensor:
        """Return the transformed image, uint8 (C, H, W)."""
        return to_bytes(fitted(image, self.view))


@dataclass(frozen=True)
class TrainLook:
    """The transform for training: the recipe's crop; all else is done to whole batches."""

    crop: Crop
    view: View

    def __call__(self, image: Image.Image, draw: Generator) -> Tensor:
        """Return the transformed image, uint8 (C, H, W)."""
        size = self.view.size
        if isinstance(self.crop, ResizedCrop):
            box = random_box(image.height, image.width, self.crop, draw)
            mode = Image.Resampling[self.crop.interpolation.upper()]
            # Crop before resizing: pixels outside of the box do not count, as in torchvision.
            return to_bytes(image.crop(box).resize((size, size), mode))
        if not isinstance(self.crop, PadCrop):
            return TestLook(self.view)(image, draw)
        left, top = torch.randint(2 * self.crop.padding + 1, (2,), generator=draw).tolist()
        padded = ImageOps.expand(fitted(image, self.view), self.crop.padding)
        return to_bytes(padded.crop((left, top, left + size, top + size)))


def fitted(image: Image.Image, view: View) -> Image.Image:
    """Resize and crop an image as the view says; pixels equal those of timm."""
    test, size = view.test, view.size
    if test.crop_mode == "center":
        side = test.covering(size)
        return resize_and_crop(image, (side, side), test.interpolation, size)
    height, width = test.resized(image.height, image.width, size)
    if (image.height, image.width) != (height, width):
        image = image.resize((width, height), Image.Resampling[test.interpolation.upper()])
    if min(height, width) < size:
        image = _bordered(image, size, view.fill)
    left, top = round((image.width - size) / 2), round((image.height - size) / 2)
    return image.crop((left, top, left + size, top + size))


def _bordered(image: Image.Image, size: int, fill: tuple[int, ...]) -> Image.Image:
    """Center the image on a canvas of one color whose sides are at least `size` long."""
    wide, tall = max(image.width, size), max(image.height, size)
    canvas = Image.new(image.mode, (wide, tall), fill[0] if len(fill) == 1 else fill)
    canvas.paste(image, ((wide - image.width) // 2, (tall - image.height) // 2))
    return canvas


def random_box(
    height: int, width: int, crop: ResizedCrop, draw: Generator
) -> tuple[int, int, int, int]:
    """Draw a box of random area and aspect within an image, as torchvision does.

    If no draw fits, the result is the largest central box with an allowed aspect.

    Returns:
        Left, top, right and bottom [pixels].
    """
    share = torch.empty(ATTEMPTS).uniform_(*crop.scale, generator=draw)
    log = [math.log(bound) for bound in crop.ratio]
    aspect = torch.empty(ATTEMPTS).uniform_(log[0], log[1], generator=draw).exp()
    for area, ratio in zip((height * width * share).tolist(), aspect.tolist(), strict=True):
        wide, tall = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < wide <= width and 0 < tall <= height:
            left = int(torch.randint(width - wide + 1, (), generator=draw))
            top = int(torch.randint(height - tall + 1, (), generator=draw))
            return left, top, left + wide, top + tall
    ratio = min(max(width / height, crop.ratio[0]), crop.ratio[1])
    wide, tall = min(width, round(height * ratio)), min(height, round(width / ratio))
    left, top = (width - wide) // 2, (height - tall) // 2
    return left, top, left + wide, top + tall
