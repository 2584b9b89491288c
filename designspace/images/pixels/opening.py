"""Opening an encoded image that may be broken or hostile.

Whatever is wrong with a file, the caller sees one exception whose text is one line. Formats are
those of photographs: Pillow knows more, among them PostScript, for which it would start a program.
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
"""Pixels of the largest image that is read: 512 MiB as RGB in Pillow's memory."""
PARSING = (
    OSError, SyntaxError, ValueError, RuntimeError, LookupError, TypeError, ArithmeticError,
    AttributeError, AssertionError, EOFError, MemoryError, struct.error, zlib.error,
    Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow's parsers raise for broken files, as seen by fuzzing them."""
_LONGEST = 160

# Heard by whoever sets up logging; otherwise Python would print Pillow's errors beside ours.
logging.getLogger("PIL").addHandler(logging.NullHandler())


class BrokenImageError(OSError):
    """An image that cannot be read, and why, in one line."""


@contextmanager
def opened(data: bytes) -> Generator[Image.Image]:
    """An image whose header was read; its pixels are decoded when they are first asked for.

    Raises:
        BrokenImageError: for anything that goes wrong until the context ends.
    """
    if not data:
        raise BrokenImageError("the file is empty")
    try:
        with Image.open(io.BytesIO(data), formats=_formats()) as image:
            if image.width * image.height > LARGEST:
                size = f"{image.width}x{image.height}"
                raise BrokenImageError(f"{size} pixels, of which {LARGEST:,} at most are read")
            with muted() if image.format == "TIFF" else nullcontext():
                yield image
    except BrokenImageError:
        raise
    except PARSING as error:
        raise BrokenImageError(_reason(error)) from error


def unreadable(error: OSError) -> str:
    """What is wrong with an image, in one line."""
    return f"unreadable image ({error})"


def recognised(data: bytes) -> bool:
    """Whether the first bytes are those of a format that is read."""
    accepts = [Image.OPEN[name][1] for name in _formats()]
    return any(accept(data[:16]) for accept in accepts if accept)


@cache
def _formats() -> list[str]:
    """Those of `FORMATS` that this build of Pillow has."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _reason(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):  # whose words name an object in memory
        return "of no known format"
    if isinstance(error, Image.DecompressionBombError):
        return f"more than the {LARGEST:,} pixels that are read at most"
    text = " ".join(str(error).split())
    text = "".join(letter if letter.isprintable() else "?" for letter in text)[:_LONGEST]
    if text and isinstance(error, (OSError, SyntaxError, ValueError)):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
