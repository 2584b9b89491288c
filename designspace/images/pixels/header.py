"""The facts in an image's header, read without decoding pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PIL import ExifTags, Image

from designspace.images.pixels.modes import check_range, is_deep, is_gray, is_transparent
from designspace.images.pixels.opening import PARSING, opened

Trait = Literal["deep", "transparent", "cmyk", "frames", "oriented"]

_SCATTERED = ("GIF", "TIFF")
"""Formats in which the number of frames is only known after reading further."""


@dataclass(frozen=True, slots=True)
class Header:
    """The facts in the header of an image.

    Attributes:
        height: Height of the image [pixels].
        width: Width of the image [pixels].
        gray: Whether the image has no color.
        traits: Properties that a user should know about.
        partial: Whether more bytes of the file might reveal more traits.
    """

    height: int
    width: int
    gray: bool
    traits: frozenset[Trait]
    partial: bool = False


def read_header(data: bytes, *, whole: bool) -> Header:
    """Read the header of an encoded image.

    Args:
        data: Bytes of the file, or its first bytes.
        whole: Whether `data` is the whole file.

    Raises:
        BrokenImageError: The header cannot be read, or pixels of this kind are not supported.
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
    """Return the EXIF orientation of an image; None if there is none that can be read.

    Pillow itself rotates TIFF. For PNG, the method of Pillow's own class would first decode the
    pixels, so this calls the method of the base class.
    """
    if image.format == "TIFF":
        return None
    try:
        return Image.Image.getexif(image).get(ExifTags.Base.Orientation)
    except PARSING:  # an image with broken metadata is still readable
        return None
