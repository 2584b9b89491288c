"""Crops: the part of an image that a network sees, in training and in evaluation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from designspace.layers.frozen import Frozen
from designspace.layers.kind import Kind
from designspace.spec.recipe.shares import Positive, Share

Interpolation = Literal["bilinear", "bicubic"]
CropMode = Literal["center", "squash", "border"]


class Crop(Kind, family="crop"):
    """A random crop of a training image."""


class NoCrop(Crop):
    """No random crop: training uses the test view too."""

    kind: Literal["none"] = "none"


class PadCrop(Crop):
    """A random crop after padding with zeros by `padding` pixels, for small images."""

    kind: Literal["pad"] = "pad"
    padding: int = Field(default=2, ge=1)


class ResizedCrop(Crop):
    """A random share of the area with a random aspect ratio, resized; for photographs."""

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
    """The view of an image in evaluation; modes and arithmetic are those of timm.

    Attributes:
        crop_pct: Share of the resized image that the input shows, along a side.
        interpolation: Interpolation of the resizing.
        crop_mode: `center` resizes the short side to size / `crop_pct` and crops the center;
            `squash` warps both sides to that length, so that nothing is cut off at `crop_pct` 1;
            `border` resizes the long side to that length and fills the rest with the mean colour.
    """

    __test__ = False

    crop_pct: Annotated[float, Field(gt=0, le=1)] = 1.0
    interpolation: Interpolation = "bicubic"
    crop_mode: CropMode = "center"

    @model_serializer(mode="wrap")
    def _without_the_usual_mode(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Omit the mode `center`, so that recipes that do not name a mode keep their digests."""
        written: dict[str, Any] = plain(self)
        if self.crop_mode == "center":
            written.pop("crop_mode", None)  # `exclude` may have left it out
        return written

    def covering(self, size: int) -> int:
        """Return the side before the crop in pixels, truncated as in published code."""
        return int(size / self.crop_pct)

    def resized(self, height: int, width: int, size: int) -> tuple[int, int]:
        """Return height and width of an image before the crop, for an input of side `size`."""
        side = self.covering(size)
        if self.crop_mode == "squash":
            return side, side
        if self.crop_mode == "border":
            ratio = max(height / side, width / side)
            return max(round(height / ratio), 1), max(round(width / ratio), 1)
        if height <= width:
            return side, max(int(side * width / height), side)
        return max(int(side * height / width), side), side
