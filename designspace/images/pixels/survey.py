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
"""Bytes that hold the header of nearly every image."""
_PEAKS = 32
"""16-bit images whose brightest pixel is looked for."""
_DARK = 1 << 12
"""A 16-bit set of which no value reaches this uses less than 4 of its 8 upper bits."""
_WORDS: dict[Trait, str] = {
    "deep": "of 16-bit gray, scaled to 8 bits (value / 256)",
    "oriented": "with an EXIF orientation, which is not applied (as in torchvision and timm)",
    "transparent": "with transparency, which is dropped",
    "cmyk": "of CMYK colors, converted to RGB without a color profile",
    "frames": "of several frames, of which the first is used",
}


@dataclass
class Survey:
    """What the headers say.

    Attributes:
        splits: the images that open, with the channels that all of them are converted to.
        sizes: how many images have which size (height, width).
        skipped: images that do not open.
        notes: what is done to the pixels, a sentence each.
    """

    splits: list[EncodedSplit] = field(default_factory=list[EncodedSplit])
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter[tuple[int, int]])
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    notes: list[str] = field(default_factory=list[str])

    @property
    def channels(self) -> int:
        """1 where no image has color, else 3."""
        return self.splits[0].channels

    @property
    def total(self) -> int:
        """Images that open."""
        return sum(self.sizes.values())

    @property
    def pixels(self) -> int:
        """Pixels of all images as they are."""
        return sum(height * width * count for (height, width), count in self.sizes.items())


def survey(splits: Sequence[EncodedSplit], skip_broken: bool) -> Survey:
    """Read the headers of all images.

    Raises:
        InputError: for the first image that does not open, unless those are skipped.
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
    """From the first bytes where they suffice; a file of no known format is read no further."""
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
        notes.append(f"{counted(gray)} without color among others with it, repeated as R, G and B")
    peak = max((_peak(split, index) for split, index in deep), default=_DARK)
    if peak < _DARK:
        notes.append(
            f"warning: 16-bit values reach only {peak:,} of 65,535, so that the images are nearly "
            "black; rescale the files"
        )
    return notes


def _peak(split: EncodedSplit, index: int) -> int:
    """The brightest 16-bit value of an image; high of a broken one, which is named elsewhere."""
    try:
        with opened(split.read(index)) as image:
            return int(deep_values(image).max())
    except OSError:
        return _DARK


def counted(number: int, noun: str = "image") -> str:
    """A number of things in words."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
