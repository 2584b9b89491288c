"""The tree of a directory: regular files only, and each link is followed once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from designspace.images.containers.listing import Sample
from designspace.images.containers.roles import ROLES
from designspace.images.containers.tree import MOST_TEXT, Tree
from designspace.images.files.filenames import (
    hidden_entry,
    is_hidden,
    listed,
    parts_of,
    plural,
    refused,
)

_LEVELS_UP = 3
"""Number of folders above the named one that are searched for lists of labels."""


def walk(directory: Path) -> tuple[Tree, bool]:
    """List a directory and return its tree, and whether it holds symbolic links.

    A link to a folder that contains the link, or to a folder that another link led to, is left out.
    So are pipes, sockets and devices, because reading them might never end.

    Raises:
        InputError: A folder cannot be read.
    """
    walker = _Walker(directory)
    walker.visit(directory, "", ())
    tree = walker.tree
    tree.read = lambda number: _text(directory / str(tree.keys[number]))
    tree.beside = lambda name: _beside(directory, name)
    if walker.loops:
        tree.notes.append(f"left out links to folders that were read already: "
                          f"{listed(walker.loops, 3)}")  # fmt: skip
    if walker.special:
        count = plural(len(walker.special), "entry").replace("entrys", "entries")
        tree.notes.append(f"left out {count} that are not regular files (broken links, pipes, "
                          f"devices): {listed(walker.special, 3)}")  # fmt: skip
    return tree, walker.linked


@dataclass
class _Walker:
    """A walk through a directory, with the entries found so far."""

    root: Path
    tree: Tree = field(default_factory=Tree)
    linked: bool = False
    loops: list[str] = field(default_factory=list[str])
    special: list[str] = field(default_factory=list[str])
    entered: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])

    def visit(self, folder: Path, name: str, above: tuple[tuple[int, int], ...]) -> None:
        """Add the entries of a folder.

        Args:
            folder: Folder to visit.
            name: Path of the folder relative to the root.
            above: Device and inode of each folder that contains this one.
        """
        try:
            here = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise refused(f"cannot be read ({error.strerror})", folder) from error
        above = (*above, (here.st_dev, here.st_ino))
        for entry in entries:
            self._take(entry, f"{name}/{entry.name}" if name else entry.name, above)

    def _take(self, entry: os.DirEntry[str], name: str, above: tuple[tuple[int, int], ...]) -> None:
        parts = parts_of(name)
        if is_hidden(parts[-1:]):
            self.tree.hidden.add(hidden_entry(parts))
            return
        link = entry.is_symlink()
        self.linked = self.linked or link
        try:
            if entry.is_dir():
                if link and self._is_loop(entry, above):
                    self.loops.append(name)
                    return
                self.tree.add_folder(parts)
                self.visit(Path(entry.path), name, above)
            elif entry.is_file():
                self.tree.add(name, name)
            else:
                self.special.append(name)
        except OSError:  # such as a link to itself
            self.special.append(name)

    def _is_loop(self, entry: os.DirEntry[str], above: tuple[tuple[int, int], ...]) -> bool:
        stat = entry.stat()
        target = (stat.st_dev, stat.st_ino)
        if target in above or target in self.entered:
            return True
        self.entered.add(target)
        return False


def without_links(
    directory: Path, tree: Tree, samples: Sequence[Sample]
) -> tuple[list[Sample], list[str]]:
    """Return the images without those that are another name of a file already listed, and notes.

    The training split is listed first, so that a link in another split is left out.
    """
    met: dict[tuple[int, int], Sample] = {}
    again: list[Sample] = []
    for role in ROLES:
        for sample in (sample for sample in samples if sample.role == role):
            stat = (directory / str(tree.keys[sample.index])).stat()
            if met.setdefault((stat.st_dev, stat.st_ino), sample) is not sample:
                again.append(sample)
    if not again:
        return list(samples), []
    left = {sample.index for sample in again}
    names = listed((str(tree.keys[sample.index]) for sample in again), 3)
    note = (
        f"left out {plural(len(again), 'image')} that are links to images listed already: {names}"
    )
    return [sample for sample in samples if sample.index not in left], [note]


def _text(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_TEXT)
    except OSError as error:
        raise refused(f"cannot be read ({error.strerror})", path) from error


def _beside(directory: Path, name: str) -> list[tuple[str, bytes]]:
    """Return files with this lower-case name from the folders above, and from `data` of devkits."""
    found: list[tuple[str, bytes]] = []
    for folder in directory.absolute().parents[:_LEVELS_UP]:
        for place in (folder, *sorted(folder.glob("ILSVRC*devkit*/data"))):
            try:
                paths = sorted(place.iterdir())
            except OSError:
                continue  # a folder above may not be readable
            found += [
                (str(path), _text(path))
                for path in paths
                if path.name.lower() == name and path.is_file()
            ]
    return found
