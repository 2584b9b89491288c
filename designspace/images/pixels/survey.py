"""One pass over the headers of all images of a source, before any pixel is decoded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from designspace.errors import InputError
from designspace.images.pixels.header import Header, Trait, read_header
from designspace.images.pixels.modes import deep_values
from designspace.images.pixels.opening import BrokenImageError, opened, recognised, unreadable
from designspace.images.split import EncodedSplit, Skipped

HEAD = 1 << 16
"""Number of first bytes that contain the header of nearly every image."""
_PEAKS = 32
"""Number of 16-bit images that are searched for their brightest pixel."""
_DARK = 1 << 12
"""Peak of a 16-bit set below which at most 4 of its 8 upper bits are in use."""
_WORDS: dict[Trait, str] = {
    "deep": "of 16-bit gray, scaled to 8 bits (value / 256)",
    "oriented": "with an EXIF orientation, which is not applied (as in torchvision and timm)",
    "transparent": "with transparency, which is dropped",
    "cmyk": "of CMYK colors, converted to RGB without a color profile",
    "frames": "of several frames; the first is used",
}


@dataclass
class Survey:
    """The facts in the headers of all images.

    Attributes:
        splits: Splits of the images that open, with the channels to which all are converted.
        sizes: Number of images of each size (height, width).
        skipped: Images that do not open.
        notes: Sentences on what is done to the pixels.
    """

    splits: list[EncodedSplit] = field(default_factory=list[EncodedSplit])
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter[tuple[int, int]])
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    notes: list[str] = field(default_factory=list[str])

    @property
    def channels(self) -> int:
        """Number of channels: 1 if no image has color, otherwise 3."""
        return self.splits[0].channels

    @property
    def total(self) -> int:
        """Number of images that open."""
        return sum(self.sizes.values())

    @property
    def pixels(self) -> int:
        """Number of pixels of all images, at their own sizes."""
        return sum(height * width * count for (height, width), count in self.sizes.items())


def survey(splits: Sequence[EncodedSplit], skip_broken: bool) -> Survey:
    """Read the headers of all images.

    Raises:
        InputError: An image does not open, and `skip_broken` is false; the error names the first.
    """
    found = Survey()
    traits: Counter[Trait] = Counter()
    deep: list[tuple[EncodedSplit, int]] = []
    gray = total = 0
    for split in splits:
        kept: list[int] = []
        for index in range(len(split)):
            header = _header(split, index, skip_broken)
            if isinstance(header, Skipped):
                found.skipped.append(header)
                continue
            kept.append(index)
            found.sizes[header.height, header.width] += 1
            traits.update(header.traits)
            gray, total = gray + header.gray, total + 1
            if "deep" in header.traits and len(deep) < _PEAKS:
                deep.append((split, index))
        found.splits.append(split if len(kept) == len(split) else split.take(kept))
    channels = 1 if gray == total else 3
    changes = {"channels": channels, "skip_broken": skip_broken}
    found.splits = [replace(split, **changes) for split in found.splits]
    found.notes = _notes(traits, gray if channels == 3 else 0, deep)
    return found


def _header(split: EncodedSplit, index: int, skip_broken: bool) -> Header | Skipped:
    try:
        return _read(split, index)
    except OSError as error:
        reason, file = unreadable(error), split.where(index)
        if skip_broken:
            return Skipped(file, reason)
        raise InputError(reason, file=file) from error


def _read(split: EncodedSplit, index: int) -> Header:
    """Read a header from the first bytes, or from the whole file if these are not enough.

    A file unknown image format is not read further.
    """
    data = split.read(index, HEAD)
    whole = len(data) < HEAD
    try:
        header = read_header(data, whole=whole)
        if not header.partial:
            return header
    except BrokenImageError:
        if whole or not recognised(data):
            raise
    return read_header(split.read(index), whole=True)


def _notes(
    traits: Counter[Trait], gray: int, deep: Sequence[tuple[EncodedSplit, int]]
) -> list[str]:
    notes = [
        f"{counted(traits[trait])} {words}" for trait, words in _WORDS.items() if traits[trait]
    ]
    if gray:
        notes.append(f"{counted(gray)} in gray among color images, repeated as R, G and B")
    peak = max((_peak(split, index) for split, index in deep), default=_DARK)
    if peak < _DARK:
        notes.append(
            f"warning: 16-bit values reach only {peak:,} of 65,535, so that the images are nearly "
            "black; rescale the files"
        )
    return notes


def _peak(split: EncodedSplit, index: int) -> int:
    """Return the brightest 16-bit value of an image; a high one if it is broken.

    Broken images are reported elsewhere.
    """
    try:
        with opened(split.read(index)) as image:
            return int(deep_values(image).max())
    except OSError:
        return _DARK


def counted(number: int, noun: str = "image") -> str:
    """Return a count with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
