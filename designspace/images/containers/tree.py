"""The names in a folder or an archive, before any rule is applied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from designspace.images.files.filenames import Parts, hidden_entry, is_hidden, parts_of, shown

MOST_TEXT = 64 << 20
"""Maximal number of bytes that are read of a list of labels."""


def hidden_notes(entries: Collection[str], where: str = "") -> list[str]:
    """Return a note on hidden and system entries that were left out; empty if there are none."""
    if not entries:
        return []
    one = len(entries) == 1
    count = f"{len(entries):,} hidden or system {'entry' if one else 'entries'}"
    of = f" of {where}" if where else ""
    return [f"left out {count}{of}{': ' if one else ', such as '}{shown(min(entries))}"]


@dataclass
class Tree:
    """Relative names of files and folders, without hidden and system entries.

    Attributes:
        files: Parts of each file's relative path.
        keys: Key with which the container reads each of these files, in the same order.
        folders: Parts of each folder's relative path, including empty folders.
        hidden: Outermost hidden and system entries that were left out.
        notes: Sentences on what was left out while listing.
        read: Function that returns a file's bytes, by its position in `files`.
        beside: Function that returns lists of labels outside the container, by lower-case name,
            with their location.
    """

    files: list[Parts] = field(default_factory=list[Parts])
    keys: list[object] = field(default_factory=list[object])
    folders: set[Parts] = field(default_factory=set[Parts])
    hidden: set[str] = field(default_factory=set[str])
    notes: list[str] = field(default_factory=list[str])
    read: Callable[[int], bytes] = lambda _: b""
    beside: Callable[[str], Sequence[tuple[str, bytes]]] = lambda _: ()

    def add(self, name: str, key: object) -> None:
        """Add a file and the folders that contain it, unless it is hidden."""
        parts = parts_of(name)
        if is_hidden(parts):
            self.hidden.add(hidden_entry(parts))
        elif parts:
            self.files.append(parts)
            self.keys.append(key)
            self.add_folder(parts[:-1])

    def add_folder(self, parts: Parts) -> None:
        """Add a folder and the folders that contain it, unless it is hidden."""
        while parts and parts not in self.folders and not is_hidden(parts):
            self.folders.add(parts)
            parts = parts[:-1]

    def left_out(self) -> list[str]:
        """Return sentences on what was left out while listing, including hidden entries."""
        return [*self.notes, *hidden_notes(self.hidden)]

    def texts(self, name: str) -> list[tuple[str, bytes]]:
        """Return files with this lower-case name and their location: inside, then beside."""
        inside = [
            ("/".join(parts), self.read(number))
            for number, parts in enumerate(self.files)
            if parts[-1].lower() == name
        ]
        return [*sorted(inside, key=lambda found: len(found[0])), *self.beside(name)]
