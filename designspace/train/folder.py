"""Images from a directory: `train/<class>/*` beside `test` or `val`, or `<class>/*` alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torchvision.datasets import ImageFolder

from designspace.errors import InputError
from designspace.train.decode import UNREADABLE, decode_all
from designspace.train.split import Files, Source, Split

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
    listed = [_files(part) for part in (train, test) if part]
    splits, sizes, channels, skipped = _headers(listed, options)
    return _source(
        directory, train.classes, splits, _Shape(sizes, channels, tuple(skipped)), options
    )


@dataclass(frozen=True)
class _Shape:
    sizes: set[tuple[int, int]]
    channels: int
    skipped: tuple[str, ...]


def _source(
    directory: Path,
    classes: Sequence[str],
    splits: list[Files],
    shape: _Shape,
    options: FolderOptions,
) -> Source:
    side, note = _side(shape.sizes, options.image_size, directory)
    count = sum(len(split) for split in splits)
    skipped = list(shape.skipped)
    kept: list[Split] = list(splits)
    identity = None
    if count * shape.channels * side[0] * side[1] <= options.cache_bytes:
        kept = []
        for split in splits:
            images, broken = decode_all(split, side)
            kept.append(images)
            skipped += broken
        notes = (note,)
    else:
        identity = _listing_digest(splits, directory)
        notes = ("read from the files as needed: too large to keep decoded",)
    if skipped:
        notes += (f"{len(skipped)} unreadable images skipped",)
    test = kept[1] if len(kept) > 1 else None
    return Source(directory.name, tuple(classes), kept[0], test, notes, tuple(skipped), identity)


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


def _headers(
    splits: list[Files], options: FolderOptions
) -> tuple[list[Files], set[tuple[int, int]], int, list[str]]:
    """Reads the headers only: which files open, their sizes (height, width) and channels."""
    sizes: set[tuple[int, int]] = set()
    modes: set[str] = set()
    skipped: list[str] = []
    kept: list[list[int]] = []
    for split in splits:
        kept.append([])
        for index, path in enumerate(split.paths):
            try:
                with Image.open(path) as image:
                    sizes.add((image.height, image.width))
                    modes.add(image.mode)
            except UNREADABLE as error:
                if not options.skip_broken:
                    raise InputError(f"unreadable image ({error})", file=str(path)) from error
                skipped.append(str(path))
                continue
            kept[-1].append(index)
    channels = 1 if modes <= {"L", "1"} else 3
    files = [
        Files(part.paths, part.labels, channels, options.skip_broken)
        for part in (split.take(indices) for split, indices in zip(splits, kept, strict=True))
    ]
    return files, sizes, channels, skipped


def _side(
    sizes: set[tuple[int, int]], image_size: int | None, directory: Path
) -> tuple[tuple[int, int], str]:
    """Height and width to decode to: the common size, else a square of `image_size`."""
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
