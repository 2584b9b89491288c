"""What an image's header says, without its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PIL import ExifTags, Image

from designspace.images.pixels.modes import check_range, is_deep, is_gray, is_transparent
from designspace.images.pixels.opening import PARSING, opened

Trait = Literal["deep", "transparent", "cmyk", "frames", "oriented"]

_SCATTERED = ("GIF", "TIFF")
"""Formats whose frames are only found by reading on."""


@dataclass(frozen=True, slots=True)
class Header:
    """The size of an image in pixels, whether it is gray, and what a user should know of it."""

    height: int
    width: int
    gray: bool
    traits: frozenset[Trait]
    partial: bool = False


def read_header(data: bytes, *, whole: bool) -> Header:
    """The header of an encoded image; `partial` where more of the file would say more.

    Args:
        data: the file, or its first bytes.
        whole: whether it is the file.

    Raises:
        BrokenImageError: it cannot be read, or its pixels will not be.
    """
    with opened(data) as image:
        check_range(image)
        found: dict[Trait, bool] = {
            "deep": is_deep(image),
            "transparent": is_transparent(image),
            "cmyk": image.mode == "CMYK",
            "frames": bool(getattr(image, "is_animated", False)),
            "oriented": _orientation(image) not in (None, 0, 1),
        }
        traits = frozenset[Trait](trait for trait, there in found.items() if there)
        partial = not whole and image.format in _SCATTERED
        return Header(image.height, image.width, is_gray(image), traits, partial)


def _orientation(image: Image.Image) -> int | None:
    """The orientation that is to be applied; None where there is none that can be read.

    Pillow turns TIFF itself. Of PNG, the method of its own class would decode the pixels first.
    """
    if image.format == "TIFF":
        return None
    try:
        return Image.Image.getexif(image).get(ExifTags.Base.Orientation)
    except PARSING:  # broken metadata do not make an image unreadable
        return None
