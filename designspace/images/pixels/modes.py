"""Pillow's modes as bytes, gray or RGB.

Sixteen bits become eight by their upper byte: a file of 16 bits and the same picture of 8 bits give
the same values, whether the former was made by a factor of 256 or of 257. Pillow itself does so
with 16-bit colors, but clips 16-bit gray to white. Pixels of 32 bits have no range that a file
tells, so that they are refused, never guessed. What an alpha channel hides stays visible, as
`convert("RGB")` has it in torchvision's and timm's data sets.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from designspace.images.pixels.opening import BrokenImageError

DEEP = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})
"""Modes of 16-bit gray."""
GRAY = frozenset({"1", "L", "LA", "La"}) | DEEP
"""Modes without color."""
ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
"""Modes with transparency."""
_WIDE = ("PNG", "PPM")
"""Formats whose mode `I` holds 16 bits."""


def is_deep(image: Image.Image) -> bool:
    """Whether the image is gray of 16 bits."""
    return image.mode in DEEP or (image.mode == "I" and image.format in _WIDE)


def is_gray(image: Image.Image) -> bool:
    """Whether the image has no color."""
    return image.mode in GRAY or is_deep(image)


def is_transparent(image: Image.Image) -> bool:
    """Whether the image has an alpha channel or a transparent color."""
    return image.mode in ALPHA or "transparency" in image.info


def check_range(image: Image.Image) -> None:
    """Refuse pixels of which nothing tells what is black and what is white.

    Raises:
        BrokenImageError: they are floats or integers of 32 bits, or signed.
    """
    if image.mode not in ("I", "F") or is_deep(image):
        return
    kind = "floats" if image.mode == "F" else "integers that are signed or of 32 bits"
    raise BrokenImageError(f"pixels are {kind}, of unknown range; convert it to 8 or 16 bits")


def converted(image: Image.Image, channels: int) -> Image.Image:
    """The image in bytes: gray where `channels` is 1, else RGB.

    Raises:
        BrokenImageError: as `check_range`.
    """
    check_range(image)
    if is_deep(image):
        image = Image.fromarray((deep_values(image) >> 8).astype(np.uint8))
    return image.convert("L" if channels == 1 else "RGB")


def deep_values(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """The 16-bit values of a gray image (H, W)."""
    return np.asarray(image).astype(np.int32).clip(0, 0xFFFF)
