"""Images from a directory: `train/<class>/*` beside `test` or `val`, or `<class>/*` alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from designspace.errors import InputError
from designspace.images.encoded import Reading, read_encoded, splits_of
from designspace.images.parts import TEST_NAMES
from designspace.images.split import Source
from designspace.images.store import FileStore

if TYPE_CHECKING:
    from torchvision.datasets import ImageFolder


def read_folder(directory: Path, options: Reading) -> Source:
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
    listed = [part for part in (train, test) if part]
    paths = tuple(Path(path) for part in listed for path, _ in part.samples)
    labels = [[label for _, label in part.samples] for part in listed]
    splits = splits_of(FileStore(directory, paths), labels)
    return read_encoded(str(directory), directory.name, train.classes, splits, options)


def _parts(directory: Path) -> tuple[Path, Path | None]:
    if not (directory / "train").is_dir():
        held = {entry.name for entry in directory.iterdir() if entry.is_dir()}
        if held and held <= set(TEST_NAMES):
            raise InputError(
                f"has {' and '.join(sorted(held))} but no train/", file=str(directory),
                hint=f"to measure on one, name it: {directory / min(held)}",
            )  # fmt: skip
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
