"""What is done to an encoded image as it is read: the view's crop, or a random one."""

# Torch leaves some types unknown.
# pyright: reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from PIL import Image, ImageOps
from torch import Generator, Tensor

from designspace.images.decode import resize_and_crop, to_bytes
from designspace.images.view import View
from designspace.spec.crops import Crop, PadCrop, ResizedCrop

ATTEMPTS = 10
"""Draws of a box until one lies in the image; torchvision's number."""


@dataclass(frozen=True)
class TestLook:
    """The view's center crop."""

    __test__ = False

    view: View

    def __call__(self, image: Image.Image, _: Generator) -> Tensor:
        """Bytes (C, H, W)."""
        side, mode = self.view.covering, self.view.test.interpolation
        return to_bytes(resize_and_crop(image, (side, side), mode, self.view.size))


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
        side = self.view.covering
        fitted = resize_and_crop(image, (side, side), self.view.test.interpolation, size)
        left, top = torch.randint(2 * self.crop.padding + 1, (2,), generator=draw).tolist()
        padded = ImageOps.expand(fitted, self.crop.padding)
        return to_bytes(padded.crop((left, top, left + size, top + size)))


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
