"""From encoded images to a source: what their headers say, and whether they fit decoded."""

# Torch leaves some types unknown.
# pyright: reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from designspace.errors import InputError
from designspace.images.decode import UNREADABLE, decode_all, unreadable
from designspace.images.split import Encoded, Skipped, Source, Split
from designspace.library_warnings import silenced

HEAD = 1 << 16
"""Bytes that hold the header of nearly every image."""


@dataclass(frozen=True)
class Reading:
    """How encoded images are read.

    Attributes:
        image_size: side for images that have no common size; None refuses those.
        skip_broken: leave unreadable images out and count them.
        cache_bytes: a set whose decoded pixels take no more than this is decoded once and kept.
    """

    image_size: int | None = None
    skip_broken: bool = False
    cache_bytes: int = 2 << 30


@silenced()
def read_encoded(
    file: str,
    name: str,
    classes: Sequence[str],
    splits: Sequence[Encoded],
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
    survey = _survey(splits, options.skip_broken)
    side, note = _side(survey.sizes, options.image_size, file)
    read: Sequence[Split] = survey.splits
    skipped, identity = survey.skipped, None
    pixels = sum(len(split) for split in read) * survey.channels * side[0] * side[1]
    if pixels > options.cache_bytes:
        note = "read from the files as needed: too large to keep decoded"
        identity = _listed(survey.splits)
    else:
        decoded = [decode_all(split, side) for split in survey.splits]
        read = [images for images, _ in decoded]
        skipped = skipped + [one for _, broken in decoded for one in broken]
    return Source(
        name=name,
        classes=tuple(classes),
        train=read[0],
        test=read[1] if len(read) > 1 else None,
        val=read[2] if len(read) > 2 else None,
        notes=(*notes, note, *([f"{len(skipped)} unreadable images skipped"] if skipped else [])),
        skipped=tuple(skipped),
        identity=identity,
    )


@dataclass(frozen=True)
class _Survey:
    """What headers say: images that open, sizes (height, width), channels, those that do not."""

    splits: Sequence[Encoded]
    sizes: set[tuple[int, int]]
    channels: int
    skipped: list[Skipped]


def _survey(splits: Sequence[Encoded], skip_broken: bool) -> _Survey:
    """Reads the headers of all images, and no pixels."""
    sizes: set[tuple[int, int]] = set()
    modes: set[str] = set()
    skipped: list[Skipped] = []
    opened: list[Encoded] = []
    for split in splits:
        kept: list[int] = []
        for index in range(len(split)):
            header = _header(split, index, skip_broken)
            if isinstance(header, Skipped):
                skipped.append(header)
                continue
            kept.append(index)
            sizes.add(header[0])
            modes.add(header[1])
        opened.append(split if len(kept) == len(split) else split.take(kept))
    channels = 1 if modes <= {"L", "1"} else 3
    read = [replace(part, channels=channels, skip_broken=skip_broken) for part in opened]
    return _Survey(read, sizes, channels, skipped)


def _header(split: Encoded, index: int, skip_broken: bool) -> tuple[tuple[int, int], str] | Skipped:
    """Size (height, width) and Pillow's mode, or why the image is skipped where it may be."""
    try:
        try:
            return _opened(split.read(index, HEAD))
        except UNREADABLE:
            return _opened(split.read(index))
    except UNREADABLE as error:
        if skip_broken:
            return Skipped(split.where(index), unreadable(error))
        raise InputError(unreadable(error), file=split.where(index)) from error


def _opened(data: bytes) -> tuple[tuple[int, int], str]:
    with Image.open(io.BytesIO(data)) as image:
        return (image.height, image.width), image.mode


def _side(
    sizes: set[tuple[int, int]], image_size: int | None, file: str
) -> tuple[tuple[int, int], str]:
    """Height and width to decode to: the common size, else a square of `image_size`."""
    if not sizes:
        raise InputError("holds no readable image", file=file)
    if len(sizes) == 1:
        common = next(iter(sizes))
        return common, f"images kept at their common size, {common[1]}x{common[0]}"
    if image_size is None:
        raise InputError(f"images have {len(sizes)} different sizes", file=file, hint="give a size")
    note = f"images resized (short side) and center-cropped to {image_size}x{image_size}"
    return (image_size, image_size), note


def _listed(splits: Sequence[Encoded]) -> str:
    """Identity of a set that is too large to hash: names and sizes in bytes of its images."""
    digest = hashlib.sha256()
    for split in splits:
        for member in split.members.tolist():
            digest.update(f"{split.store.identity(member)}\n".encode())
    return digest.hexdigest()
