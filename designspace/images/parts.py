"""Which files of a large data set are to train with and which to test with, by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from designspace.errors import InputError

TEST_NAMES = ("test", "val", "validation")
"""What splits to test with are called; the first of these that is there is taken."""
_PLACES = (".", "data", "train", *TEST_NAMES)


def find_parts(
    place: Path, suffix: str, usable: Callable[[Sequence[Path]], bool] = lambda _: True
) -> list[list[Path]]:
    """The files to train with, then those to test with where there are some; each sorted by name.

    A file belongs to the split that its name, or a directory on the way to it, begins with. Where
    no name begins with `train`, all files are to train with.

    Args:
        place: one file, a pattern with braces, or a directory of files: its own, or those in its
            `data/`, `train/` and so on.
        suffix: of the files, with its dot.
        usable: whether these files can be tested with.

    Raises:
        InputError: a file that a pattern names is not there.
    """
    files = _files(place, suffix)
    root = place if place.is_dir() else place.parent
    named = {path: _split(path.relative_to(root)) for path in files}
    train = [path for path in files if named[path] == "train"]
    if not train:
        return [files]
    for name in TEST_NAMES:
        test = [path for path in files if named[path] == name]
        if test and usable(test):
            return [train, test]
    return [train]


def holds(place: Path, suffix: str) -> bool:
    """Whether this is such a file, a pattern of such files, or a directory that has some."""
    if not place.is_dir():
        return place.suffix == suffix
    return any(True for part in _PLACES for _ in place.glob(f"{part}/*{suffix}"))


def _files(place: Path, suffix: str) -> list[Path]:
    if place.is_dir():
        return sorted(path for part in _PLACES for path in place.glob(f"{part}/*{suffix}"))
    files = [Path(name) for name in expand(str(place))]
    for path in files:
        if not path.is_file():
            raise InputError("no such file", file=str(path))
    return files


def expand(pattern: str) -> list[str]:
    """The names that a shell's braces stand for: `{0000..0003}` and `{train,val}`, nested too."""
    found = re.search(r"\{([^{}]*)\}", pattern)
    if found is None:
        return [pattern]
    before, after = pattern[: found.start()], pattern[found.end() :]
    names = [name for choice in _choices(found[1]) for name in expand(before + choice + after)]
    return list(dict.fromkeys(names))


def _choices(inside: str) -> list[str]:
    span = re.fullmatch(r"(\d+)\.\.(\d+)", inside)
    if span is None:
        return inside.split(",")
    width = len(span[1]) if span[1].startswith("0") else 0
    return [f"{number:0{width}}" for number in range(int(span[1]), int(span[2]) + 1)]


def _split(name: Path) -> str | None:
    for piece in name.parts:
        for split in ("train", "test", "validation", "val"):
            if piece.startswith(split):
                return split
    return None
