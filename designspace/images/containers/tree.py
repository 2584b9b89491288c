"""What a folder or an archive holds by name, before any rule is applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from designspace.images.filenames import Parts, is_hidden, parts_of

MOST_TEXT = 64 << 20
"""Bytes above which a list of labels is not read."""


@dataclass
class Tree:
    """Relative names of files and folders; hidden and system entries are left out.

    Attributes:
        files: parts of each file's relative path.
        keys: what the container needs to read each of these files, in the same order.
        folders: parts of each folder's relative path, empty ones included.
        notes: what was left out while listing, a sentence each.
        read: gives a file's bytes, by its position in `files`.
        beside: lists of labels outside the container by lower-case name, with their place.
    """

    files: list[Parts] = field(default_factory=list[Parts])
    keys: list[object] = field(default_factory=list[object])
    folders: set[Parts] = field(default_factory=set[Parts])
    notes: list[str] = field(default_factory=list[str])
    read: Callable[[int], bytes] = lambda _: b""
    beside: Callable[[str], Sequence[tuple[str, bytes]]] = lambda _: ()

    def add(self, name: str, key: object) -> None:
        """Add a file, with the folders on the way to it, unless it is hidden."""
        parts = parts_of(name)
        if parts and not is_hidden(parts):
            self.files.append(parts)
            self.keys.append(key)
            self.add_folder(parts[:-1])

    def add_folder(self, parts: Parts) -> None:
        """Add a folder, with those on the way to it, unless it is hidden."""
        while parts and parts not in self.folders and not is_hidden(parts):
            self.folders.add(parts)
            parts = parts[:-1]

    def texts(self, name: str) -> list[tuple[str, bytes]]:
        """Files of this lower-case name, with their place: those inside, then those beside."""
        inside = [
            ("/".join(parts), self.read(number))
            for number, parts in enumerate(self.files)
            if parts[-1].lower() == name
        ]
        return [*sorted(inside, key=lambda found: len(found[0])), *self.beside(name)]
