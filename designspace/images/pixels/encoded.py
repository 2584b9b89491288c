"""The step from encoded images to a source: a survey of headers, and decoding if they fit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from designspace.errors import InputError
from designspace.images.pixels.decode import decode_all, readable
from designspace.images.pixels.survey import Survey, survey
from designspace.images.split import EncodedSplit, Skipped, Source, Split
from designspace.library_warnings import silenced

NARROWEST = 16
"""Maximal ratio of long to short side for a common size to be kept; networks see a square."""


@dataclass(frozen=True)
class Reading:
    """Options for reading encoded images.

    Attributes:
        image_size: Side for images without a common size [pixels]; with None, those are an error.
        skip_broken: Whether to leave out unreadable images and count them.
        cache_bytes: Maximal size of decoded pixels in memory [bytes]; a set up to this size is
            decoded once and kept.
        inspect: Whether the images are only inspected. They may then have different sizes without
            `image_size`, and nothing is copied to another place.
    """

    image_size: int | None = None
    skip_broken: bool = False
    cache_bytes: int = 2 << 30
    inspect: bool = False


@silenced()
def read_encoded(
    file: str,
    name: str,
    classes: Sequence[str],
    splits: Sequence[EncodedSplit],
    options: Reading,
    notes: Sequence[str] = (),
) -> Source:
    """Read a source of one to three splits, decoded if it fits into memory.

    Args:
        file: Name that the user gave, for errors.
        name: Name in messages and records.
        classes: Names of the classes, in the order of the labels.
        splits: Training split, then the test split and the validation split, if they exist.
        options: Options for reading images.
        notes: Earlier notes on the source.

    Raises:
        InputError: An image is unreadable, there is none at all, or sizes differ and `options` does
            not give one.
    """
    found = survey(splits, options.skip_broken)
    side, note = _side(found, options, file)
    read, skipped, identity = _pixels(found, side, options.cache_bytes)
    if identity is not None and side is not None:
        note = "read from the files as needed: too large to keep decoded"
    if not len(read[0]):
        raise _nothing(file, skipped)
    lost = [f"{len(skipped)} unreadable images skipped"] if skipped else []
    return Source(
        name=name,
        classes=tuple(classes),
        train=read[0],
        test=read[1] if len(read) > 1 else None,
        val=read[2] if len(read) > 2 else None,
        notes=(*notes, note, *found.notes, *lost),
        skipped=tuple(skipped),
        identity=identity,
    )


def _pixels(
    found: Survey, side: tuple[int, int] | None, cache_bytes: int
) -> tuple[Sequence[Split], list[Skipped], str | None]:
    """Return the splits, decoded to `side` if they fit; the skipped images; and the identity.

    The identity is None for decoded splits, whose pixels identify them.
    """
    size = found.pixels if side is None else found.total * side[0] * side[1]
    small = size * found.channels <= cache_bytes
    if small and side is not None:
        decoded = [decode_all(split, side) for split in found.splits]
    elif small:
        decoded = [readable(split) for split in found.splits]
    else:
        decoded = [(split, list[Skipped]()) for split in found.splits]
    read = [split for split, _ in decoded]
    skipped = found.skipped + [one for _, broken in decoded for one in broken]
    return read, skipped, None if small and side is not None else _listed(found.splits)


def _side(found: Survey, options: Reading, file: str) -> tuple[tuple[int, int] | None, str]:
    """Return the height and width to decode to, and a note on them.

    They are the common size, or else a square of side `image_size`. The result is None if sizes
    differ, `image_size` is not given, and the images are only inspected.
    """
    if not found.sizes:
        raise _nothing(file, found.skipped)
    (height, width), *others = found.sizes
    longest, shortest = max(height, width), min(height, width)
    if not others and longest <= NARROWEST * shortest:
        return (height, width), f"images kept at their common size, {width}x{height}"
    side = options.image_size
    if side is not None:
        note = f"images resized (short side) and center-cropped to {side}x{side}"
        return (side, side), note
    said = _range(found.sizes)
    if not options.inspect:
        raise InputError(said, file=file, hint="give a size")
    return None, f"{said}; training resizes and center-crops them to the network's input size"


def _range(sizes: Mapping[tuple[int, int], int]) -> str:
    """Describe the sizes of the images in words."""
    if len(sizes) == 1:
        ((height, width),) = sizes
        return f"images are of {width}x{height} pixels, too narrow to be kept at that size"
    heights, widths = zip(*sizes, strict=True)
    return (
        f"images have {len(sizes)} different sizes, {min(widths)} to {max(widths)} pixels wide and "
        f"{min(heights)} to {max(heights)} high"
    )


def _nothing(file: str, skipped: Sequence[Skipped]) -> InputError:
    first = f"; the first of {len(skipped)}: {skipped[0]}" if skipped else ""
    return InputError(f"holds no readable image{first}", file=file)


def _listed(splits: Sequence[EncodedSplit]) -> str:
    """Return the identity of a set that is not hashed whole: from names and sizes of its images."""
    digest = hashlib.sha256()
    for split in splits:
        for member in split.members.tolist():
            digest.update(f"{split.store.identity(member)}\n".encode())
    return digest.hexdigest()
