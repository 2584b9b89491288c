"""From encoded images to a source: what their headers say, and whether they fit decoded."""

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
"""Long side over short side up to which a common size is kept: a network sees a square of it."""


@dataclass(frozen=True)
class Reading:
    """How encoded images are read.

    Attributes:
        image_size: side for images that have no common size; None refuses those.
        skip_broken: leave unreadable images out and count them.
        cache_bytes: a set whose decoded pixels take no more than this is decoded once and kept.
        inspect: the images are only to be looked at: they may have any sizes without `image_size`,
            and nothing is copied to another place.
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
    """A source of one to three splits, decoded where it fits.

    Args:
        file: what the user named, for errors.
        name: for people.
        classes: names, in the order of the labels.
        splits: to train with, then to test with where there is one, then to select with.
        options: how to read.
        notes: what is known of the source already, a sentence each.

    Raises:
        InputError: an unreadable image, none at all, or sizes that differ with none asked for.
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
    """The splits, decoded to `side` where they fit; what was skipped; the identity of the rest."""
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
    """Height and width to decode to, and why: the common size, else a square of `image_size`.

    None where sizes differ, none is asked for, and the images are only inspected.
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
    """The sizes of the images, in words."""
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
    """Identity of a set that is too large to hash: names and sizes in bytes of its images."""
    digest = hashlib.sha256()
    for split in splits:
        for member in split.members.tolist():
            digest.update(f"{split.store.identity(member)}\n".encode())
    return digest.hexdigest()
