"""Conversion of Pillow's modes to bytes, gray or RGB.

16-bit values become 8-bit values by their upper byte. So a 16-bit file and an 8-bit file of the
same picture give the same values, whether the former was made with a factor of 256 or 257. Pillow
does the same with 16-bit colors, but clips 16-bit gray to white. Files of 32-bit pixels do not
state their range, so they are rejected instead of guessed. Pixels that an alpha channel hides stay
visible, as with `convert("RGB")` in the data sets of torchvision and timm.
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
    """Return whether the image is 16-bit gray."""
    return image.mode in DEEP or (image.mode == "I" and image.format in _WIDE)


def is_gray(image: Image.Image) -> bool:
    """Return whether the image has no color."""
    return image.mode in GRAY or is_deep(image)


def is_transparent(image: Image.Image) -> bool:
    """Return whether the image has an alpha channel or a transparent color."""
    return image.mode in ALPHA or "transparency" in image.info


def check_range(image: Image.Image) -> None:
    """Check that the values of black and white are known for the image's pixels.

    Raises:
        BrokenImageError: The pixels are floats, or integers that are signed or have 32 bits.
    """
    if image.mode not in ("I", "F") or is_deep(image):
        return
    kind = "floats" if image.mode == "F" else "integers that are signed or of 32 bits"
    raise BrokenImageError(f"pixels are {kind}, of unknown range; convert it to 8 or 16 bits")


def converted(image: Image.Image, channels: int) -> Image.Image:
    """Convert the image to bytes: gray if `channels` is 1, otherwise RGB.

    Raises:
        BrokenImageError: See `check_range`.
    """
    check_range(image)
    if is_deep(image):
        image = Image.fromarray((deep_values(image) >> 8).astype(np.uint8))
    return image.convert("L" if channels == 1 else "RGB")


def deep_values(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """Return the 16-bit values of a gray image, int32 (H, W)."""
    return np.asarray(image).astype(np.int32).clip(0, 0xFFFF)
