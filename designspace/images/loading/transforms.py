"""What is done to an encoded image as it is read: the view's crop, or a random one."""

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
"""Draws of a box until one lies in the image; torchvision's number."""


@dataclass(frozen=True)
class TestLook:
    """The view in which a network is measured."""

    __test__ = False

    view: View

    def __call__(self, image: Image.Image, _: Generator) -> Tensor:
        """Bytes (C, H, W)."""
        return to_bytes(fitted(image, self.view))


@dataclass(frozen=True)
class TrainLook:
    """The recipe's crop; all the rest is done to whole batches."""

    crop: Crop
    view: View

    def __call__(self, image: Image.Image, draw: Generator) -> Tensor:
        """Bytes (C, H, W)."""
        size = self.view.size
        if isinstance(self.crop, ResizedCrop):
            box = random_box(image.height, image.width, self.crop, draw)
            mode = Image.Resampling[self.crop.interpolation.upper()]
            # Cut out first: what is outside of a box has no part in it, as in torchvision.
            return to_bytes(image.crop(box).resize((size, size), mode))
        if not isinstance(self.crop, PadCrop):
            return TestLook(self.view)(image, draw)
        left, top = torch.randint(2 * self.crop.padding + 1, (2,), generator=draw).tolist()
        padded = ImageOps.expand(fitted(image, self.view), self.crop.padding)
        return to_bytes(padded.crop((left, top, left + size, top + size)))


def fitted(image: Image.Image, view: View) -> Image.Image:
    """An image resized and cropped as its view says, to the pixel as timm does it."""
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
    """The image in the middle of a canvas of one colour, no side of which is below `size`."""
    wide, tall = max(image.width, size), max(image.height, size)
    canvas = Image.new(image.mode, (wide, tall), fill[0] if len(fill) == 1 else fill)
    canvas.paste(image, ((wide - image.width) // 2, (tall - image.height) // 2))
    return canvas


def random_box(
    height: int, width: int, crop: ResizedCrop, draw: Generator
) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a box of random area and aspect within an image.

    As torchvision draws it; where no draw fits, the largest central box of an allowed aspect.
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
