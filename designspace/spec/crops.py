"""Crops: which part of an image a network sees, in training and when it is measured."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from designspace.layers.frozen import Frozen
from designspace.layers.kind import Kind
from designspace.spec.shares import Positive, Share

Interpolation = Literal["bilinear", "bicubic"]


class Crop(Kind, family="crop"):
    """A random crop of a training image."""


class NoCrop(Crop):
    """The test view, for training too."""

    kind: Literal["none"] = "none"


class PadCrop(Crop):
    """Pads by `padding` pixels of zero and crops back at a random place: small images."""

    kind: Literal["pad"] = "pad"
    padding: int = Field(default=2, ge=1)


class ResizedCrop(Crop):
    """Crops a random share of the area at a random aspect and resizes it: photographs."""

    kind: Literal["resized"] = "resized"
    scale: tuple[Share, Share] = (0.08, 1.0)
    ratio: tuple[Positive, Positive] = (3 / 4, 4 / 3)
    interpolation: Interpolation = "bicubic"

    @model_validator(mode="after")
    def _ordered(self) -> ResizedCrop:
        if not 0 < self.scale[0] <= self.scale[1]:
            raise ValueError("scale must be two shares of the area, the smaller first and above 0")
        if self.ratio[0] > self.ratio[1]:
            raise ValueError("ratio must have the smaller number first")
        return self


class TestView(Frozen):
    """How an image is looked at when it is measured.

    The short side is resized to size / `crop_pct`, then the center is cropped.
    """

    __test__ = False

    crop_pct: Annotated[float, Field(gt=0, le=1)] = 1.0
    interpolation: Interpolation = "bicubic"

    def covering(self, size: int) -> int:
        """Side that the short side is resized to; a fraction is cut off, as published codes do."""
        return int(size / self.crop_pct)
