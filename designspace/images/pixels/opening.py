"""Opening of an encoded image that may be broken or hostile.

If anything is wrong with a file, the caller gets one kind of exception with a text of one line. The
formats are those of photographs. Pillow knows more formats, among them PostScript, for which it
would start another program.
"""

from __future__ import annotations

import io
import logging
import struct
import zlib
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from functools import cache

from PIL import Image, UnidentifiedImageError

from designspace.images.pixels.muted import muted

FORMATS = ("AVIF", "BMP", "DIB", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
LARGEST = 1 << 27
"""Maximal number of pixels of an image: 512 MiB as RGB in Pillow's memory."""
PARSING = (
    OSError, SyntaxError, ValueError, RuntimeError, LookupError, TypeError, ArithmeticError,
    AttributeError, AssertionError, EOFError, MemoryError, struct.error, zlib.error,
    Image.DecompressionBombError,
)  # fmt: skip
"""Errors of Pillow's parsers for broken files, found by fuzzing."""
_LONGEST = 160

# A user who sets up logging gets Pillow's messages; otherwise Python would print them with ours.
logging.getLogger("PIL").addHandler(logging.NullHandler())


class BrokenImageError(OSError):
    """An image cannot be read; the text is the reason, in one line."""


@contextmanager
def opened(data: bytes) -> Generator[Image.Image]:
    """Open an image and read its header; its pixels are decoded at the first access.

    Raises:
        BrokenImageError: Reading fails in any way before the context ends.
    """
    if not data:
        raise BrokenImageError("the file is empty")
    try:
        with Image.open(io.BytesIO(data), formats=_formats()) as image:
            if image.width * image.height > LARGEST:
                size = f"{image.width}x{image.height}"
                raise BrokenImageError(f"{size} pixels; at most {LARGEST:,} are read")
            with muted() if image.format == "TIFF" else nullcontext():
                yield image
    except BrokenImageError:
        raise
    except PARSING as error:
        raise BrokenImageError(_reason(error)) from error


def unreadable(error: OSError) -> str:
    """Return the fault of an image in one line."""
    return f"unreadable image ({error})"


def recognised(data: bytes) -> bool:
    """Return whether the first bytes belong to a supported format."""
    accepts = [Image.OPEN[name][1] for name in _formats()]
    return any(accept(data[:16]) for accept in accepts if accept)


@cache
def _formats() -> list[str]:
    """Return the entries of `FORMATS` that this build of Pillow supports."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _reason(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):  # its message names an object in memory
        return "unknown image format"
    if isinstance(error, Image.DecompressionBombError):
        return f"more than the {LARGEST:,} pixels that are supported"
    text = " ".join(str(error).split())
    text = "".join(letter if letter.isprintable() else "?" for letter in text)[:_LONGEST]
    if text and isinstance(error, (OSError, SyntaxError, ValueError)):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
