"""What a folder or an archive holds by name, before any rule is applied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from designspace.images.files.filenames import Parts, hidden_entry, is_hidden, parts_of, shown

MOST_TEXT = 64 << 20
"""Bytes above which a list of labels is not read."""


def hidden_notes(entries: Collection[str], where: str = "") -> list[str]:
    """A sentence about hidden and system entries that were left out; none where there are none."""
    if not entries:
        return []
    one = len(entries) == 1
    count = f"{len(entries):,} hidden or system {'entry' if one else 'entries'}"
    of = f" of {where}" if where else ""
    return [f"left out {count}{of}{': ' if one else ', such as '}{shown(min(entries))}"]


@dataclass
class Tree:
    """Relative names of files and folders; hidden and system entries are left out.

    Attributes:
        files: parts of each file's relative path.
        keys: what the container needs to read each of these files, in the same order.
        folders: parts of each folder's relative path, empty ones included.
        hidden: hidden and system entries that were left out, the outermost of each.
        notes: what was left out while listing, a sentence each.
        read: gives a file's bytes, by its position in `files`.
        beside: lists of labels outside the container by lower-case name, with their place.
    """

    files: list[Parts] = field(default_factory=list[Parts])
    keys: list[object] = field(default_factory=list[object])
    folders: set[Parts] = field(default_factory=set[Parts])
    hidden: set[str] = field(default_factory=set[str])
    notes: list[str] = field(default_factory=list[str])
    read: Callable[[int], bytes] = lambda _: b""
    beside: Callable[[str], Sequence[tuple[str, bytes]]] = lambda _: ()

    def add(self, name: str, key: object) -> None:
        """Add a file, with the folders on the way to it, unless it is hidden."""
        parts = parts_of(name)
        if is_hidden(parts):
            self.hidden.add(hidden_entry(parts))
        elif parts:
            self.files.append(parts)
            self.keys.append(key)
            self.add_folder(parts[:-1])

    def add_folder(self, parts: Parts) -> None:
        """Add a folder, with those on the way to it, unless it is hidden."""
        while parts and parts not in self.folders and not is_hidden(parts):
            self.folders.add(parts)
            parts = parts[:-1]

    def left_out(self) -> list[str]:
        """What was left out while listing, the hidden entries among it, a sentence each."""
        return [*self.notes, *hidden_notes(self.hidden)]

    def texts(self, name: str) -> list[tuple[str, bytes]]:
        """Files of this lower-case name, with their place: those inside, then those beside."""
        inside = [
            ("/".join(parts), self.read(number))
            for number, parts in enumerate(self.files)
            if parts[-1].lower() == name
        ]
        return [*sorted(inside, key=lambda found: len(found[0])), *self.beside(name)]
