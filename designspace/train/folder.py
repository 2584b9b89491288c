"""Images from a directory: `train/<class>/*` beside `test` or `val`, or `<class>/*` alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from PIL import Image

from designspace.errors import InputError
from designspace.train.decode import UNREADABLE, decode_all
from designspace.train.split import Files, Source, Split

if TYPE_CHECKING:
    from torchvision.datasets import ImageFolder

TEST_NAMES = ("test", "val")


@dataclass(frozen=True)
class FolderOptions:
    """How a directory is read.

    Attributes:
        image_size: side for images that have no common size; None refuses those.
        skip_broken: leave unreadable images out and count them.
        cache_bytes: a set whose decoded pixels take no more than this is decoded once and kept.
    """

    image_size: int | None = None
    skip_broken: bool = False
    cache_bytes: int = 2 << 30


def read_folder(directory: Path, options: FolderOptions) -> Source:
    """Reads an ImageFolder directory; labels follow the sorted names of the class folders.

    Raises:
        InputError: no class folder, an empty one, classes that differ, or an unreadable image.
    """
    train_dir, test_dir = _parts(directory)
    train = _list(train_dir)
    test = _list(test_dir) if test_dir else None
    if test and test.classes != train.classes:
        odd = sorted(set(test.classes) ^ set(train.classes))
        raise InputError(f"{test_dir} and {train_dir} differ in their classes: {', '.join(odd)}")
    survey = _survey([_files(part) for part in (train, test) if part], options)
    side, note = _side(survey.sizes, options.image_size, directory)
    if _bytes(survey, side) > options.cache_bytes:
        return _streamed(directory, train.classes, survey)
    return _decoded(directory, train.classes, survey, side, note)


@dataclass(frozen=True)
class _Survey:
    """What the headers say: files that open, sizes (height, width), channels, files that do not."""

    splits: list[Files]
    sizes: set[tuple[int, int]]
    channels: int
    skipped: list[str]


def _bytes(survey: _Survey, side: tuple[int, int]) -> int:
    return sum(len(split) for split in survey.splits) * survey.channels * side[0] * side[1]


def _streamed(directory: Path, classes: Sequence[str], survey: _Survey) -> Source:
    notes = ("read from the files as needed: too large to keep decoded", *_told(survey.skipped))
    train, *test = survey.splits
    return Source(
        name=directory.name,
        classes=tuple(classes),
        train=train,
        test=test[0] if test else None,
        notes=notes,
        skipped=tuple(survey.skipped),
        identity=_listing_digest(survey.splits, directory),
    )


def _decoded(
    directory: Path, classes: Sequence[str], survey: _Survey, side: tuple[int, int], note: str
) -> Source:
    skipped = list(survey.skipped)
    splits: list[Split] = []
    for split in survey.splits:
        images, broken = decode_all(split, side)
        splits.append(images)
        skipped += broken
    train, *test = splits
    return Source(
        name=directory.name,
        classes=tuple(classes),
        train=train,
        test=test[0] if test else None,
        notes=(note, *_told(skipped)),
        skipped=tuple(skipped),
    )


def _told(skipped: Sequence[str]) -> tuple[str, ...]:
    return (f"{len(skipped)} unreadable images skipped",) if skipped else ()


def _parts(directory: Path) -> tuple[Path, Path | None]:
    if not (directory / "train").is_dir():
        return directory, None
    tests = [directory / name for name in TEST_NAMES if (directory / name).is_dir()]
    if not tests:
        raise InputError(
            "has train/ but neither test/ nor val/", file=str(directory), hint="add one of them"
        )
    return directory / "train", tests[0]


def _list(directory: Path) -> ImageFolder:
    folders = sorted(entry for entry in directory.iterdir() if entry.is_dir())
    if not folders:
        raise InputError("holds no class folders (<class>/<image>)", file=str(directory))
    from torchvision.datasets import ImageFolder  # seconds, which other sources need not wait

    # allow_empty: torchvision's own message names all empty folders and all extensions at length.
    listed = ImageFolder(str(directory), allow_empty=True)
    filled = {label for _, label in listed.samples}
    for label, name in enumerate(listed.classes):
        if label not in filled:
            raise InputError(f"class folder '{name}' holds no images", file=str(directory))
    return listed


def _files(listed: ImageFolder) -> Files:
    paths = tuple(Path(path) for path, _ in listed.samples)
    labels = torch.tensor([label for _, label in listed.samples], dtype=torch.int64)
    return Files(paths, labels, channels=3)


def _survey(splits: list[Files], options: FolderOptions) -> _Survey:
    """Reads the headers of all files, and no pixels."""
    sizes: set[tuple[int, int]] = set()
    modes: set[str] = set()
    skipped: list[str] = []
    opened: list[Files] = []
    for split in splits:
        kept: list[int] = []
        for index, path in enumerate(split.paths):
            header = _header(path, options.skip_broken)
            if header is None:
                skipped.append(str(path))
                continue
            kept.append(index)
            sizes.add(header[0])
            modes.add(header[1])
        opened.append(split.take(kept))
    channels = 1 if modes <= {"L", "1"} else 3
    files = [replace(part, channels=channels, skip_broken=options.skip_broken) for part in opened]
    return _Survey(files, sizes, channels, skipped)


def _header(path: Path, skip_broken: bool) -> tuple[tuple[int, int], str] | None:
    """Size (height, width) and Pillow's mode; None for what does not open and may be skipped."""
    try:
        with Image.open(path) as image:
            return (image.height, image.width), image.mode
    except UNREADABLE as error:
        if skip_broken:
            return None
        raise InputError(f"unreadable image ({error})", file=str(path)) from error


def _side(
    sizes: set[tuple[int, int]], image_size: int | None, directory: Path
) -> tuple[tuple[int, int], str]:
    """Height and width to decode to: the common size, else a square of `image_size`."""
    if not sizes:
        raise InputError("holds no readable image", file=str(directory))
    if len(sizes) == 1:
        common = next(iter(sizes))
        return common, f"images kept at their common size, {common[1]}x{common[0]}"
    if image_size is None:
        raise InputError(
            f"images have {len(sizes)} different sizes", file=str(directory), hint="give a size"
        )
    note = f"images resized (short side) and center-cropped to {image_size}x{image_size}"
    return (image_size, image_size), note


def _listing_digest(splits: list[Files], directory: Path) -> str:
    """Identity of a set that is too large to hash: names and sizes in bytes of its files."""
    digest = hashlib.sha256()
    for split in splits:
        for path in split.paths:
            line = f"{path.relative_to(directory).as_posix()}:{path.stat().st_size}\n"
            digest.update(line.encode())
    return digest.hexdigest()
