"""Tar files: WebDataset shards (`key.jpg` beside `key.cls` or `key.json`), or class folders.

They are not streamed from end to end: an index of the offset of each image makes every image
readable at any time.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from designspace.images.containers.labels import LABELS, MOST_LABEL, class_list, parsed
from designspace.images.containers.layout import lay_out
from designspace.images.containers.listing import Label, Sample, arrange
from designspace.images.containers.patterns import assigned
from designspace.images.containers.reading import Container, read_container
from designspace.images.containers.roles import Role, exact_role
from designspace.images.containers.tree import MOST_TEXT, Tree, hidden_notes
from designspace.images.files.filenames import (
    SUFFIXES,
    Parts,
    hidden_entry,
    is_hidden,
    is_image,
    parts_of,
    plural,
    refused,
    shown,
    suffix_of,
)
from designspace.images.files.store import SpanStore
from designspace.images.pixels.encoded import Reading
from designspace.images.split import Source

BROKEN = (tarfile.TarError, EOFError, OSError, ValueError, OverflowError, MemoryError)
"""Errors of the standard library for a tar file that is truncated or foreign."""
_BLOCK = 512
"""Size of a header [bytes]; two empty headers end a tar file."""


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file in a tar file.

    Attributes:
        file: Number of the tar file.
        name: Name in the tar file.
        offset: Offset of the content [bytes].
        size: Size of the content [bytes].
    """

    file: int
    name: str
    offset: int
    size: int


def read_tars(
    files: Sequence[Path], root: Path, file: str, options: Reading, whole: bool
) -> Source:
    """Read tar files with labels beside their images, or with images in class folders.

    `key.cls` holds a number or a class name; `key.json` holds one of these as `label`. A file
    `classes.txt` beside the shards may give the names of numbered classes, one per line.

    Args:
        files: Files of all splits.
        root: Folder that contains the files.
        file: Name that the user gave.
        options: Options for reading images.
        whole: Whether the user named a folder rather than files.

    Raises:
        InputError: A file is not a tar file, an image has no label or a label no image, labels
            leave a gap, or an image is unreadable.
    """
    parts, notes = assigned(files, root, file, whole)
    used = [path for part in parts.values() for path in part]
    members: dict[Role, list[Member]] = {}
    for role, part in parts.items():
        members[role] = [m for path in part for m in _members(path, used.index(path), notes)]
    name = Path(file).stem
    held = [member for part in members.values() for member in part]
    if not _is_labelled(held):
        return _in_folders(used, members, len(parts) > 1, file, options, notes)
    samples, images = _labelled(used, members)
    store = _store(used, images)
    listing = arrange(samples, class_list([root, *(p.parent for p in used)]), file, store.where)
    return read_container(Container(file, name, store, listing, notes), options)


def _store(files: Sequence[Path], members: Sequence[Member]) -> SpanStore:
    spans = np.array([(m.file, m.offset, m.size) for m in members], dtype=np.int64).reshape(-1, 3)
    return SpanStore(tuple(files), tuple(member.name for member in members), spans)


def _members(path: Path, file: int, notes: list[str]) -> list[Member]:
    """List the regular files of a tar file that are not hidden, and note what is left out."""
    members: dict[Parts, Member] = {}
    hidden: set[str] = set()
    others = twice = end = 0
    try:
        with path.open("rb") as stream, tarfile.open(fileobj=stream, mode="r:") as archive:
            for info in _walked(archive, path.stat().st_size):
                end = info.offset_data + _kept(info)
                parts = parts_of(info.name)
                if _hides(parts, hidden) or info.isdir() or not parts:
                    continue
                if not info.isreg() or info.sparse is not None:
                    others += 1
                    continue
                twice += parts in members
                members[parts] = Member(file, info.name, info.offset_data, info.size)
    except BROKEN as error:
        raise refused(f"not a readable tar file ({error})", path, _compressed(path)) from error
    notes += hidden_notes(hidden, shown(path.name))
    if others:
        kinds = "links, devices or sparse files"
        notes.append(f"left out {plural(others, 'member')} of {shown(path.name)}: {kinds}")
    if path.stat().st_size < end + _BLOCK:
        notes.append(
            f"{shown(path.name)} has no end marker: it may be truncated, with images missing"
        )
    if twice:
        count = f"{plural(twice, 'member')} of {shown(path.name)}"
        notes.append(f"left out {count} that a later member of the same name replaces")
    return list(members.values())


def _hides(parts: Parts, hidden: set[str]) -> bool:
    """Return whether a member is hidden; add the outermost entry that hides it to `hidden`."""
    if not is_hidden(parts):
        return False
    hidden.add(hidden_entry(parts))
    return True


def _walked(archive: tarfile.TarFile, size: int) -> Iterator[tarfile.TarInfo]:
    """Yield the members in order; check that offsets increase and stay within the file."""
    end = 0
    while (info := archive.next()) is not None:
        if info.size < 0 or info.offset_data < end or info.offset_data + _kept(info) > size:
            raise ValueError(f"{shown(info.name)} claims {info.size:,} bytes, beyond the file")
        end = info.offset_data
        yield info


def _kept(info: tarfile.TarInfo) -> int:
    return info.size if info.isreg() and info.sparse is None else 0


def _compressed(path: Path) -> str | None:
    with path.open("rb") as stream:
        head = stream.read(6)
    known = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
    return "unpack the compression first" if head.startswith(known) else None


def _key(name: str) -> tuple[str, str] | None:
    """Return the key of a sample, and the part of its file name after the first dot."""
    match = re.fullmatch(r"((?:.*/)?[^./]+)\.([^/]+)", "/".join(parts_of(name)))
    return (match[1], match[2].lower()) if match else None


def _is_labelled(members: Sequence[Member]) -> bool:
    """Return whether any image has a label beside it, as in WebDataset's shards."""
    keys: dict[bool, set[tuple[int, str]]] = {True: set(), False: set()}
    for member in members:
        key = _key(member.name)
        if key and (key[1] in LABELS or is_image(member.name)):
            keys[key[1] in LABELS].add((member.file, key[0]))
    return not keys[True].isdisjoint(keys[False])


def _labelled(
    files: Sequence[Path], parts: Mapping[Role, Sequence[Member]]
) -> tuple[list[Sample], list[Member]]:
    """Return the samples of all splits, and their images in the order of the store."""
    samples: list[Sample] = []
    images: list[Member] = []
    for role, members in parts.items():
        grouped: dict[tuple[int, str], dict[str, Member]] = {}
        for member in members:
            key = _key(member.name)
            if key:
                grouped.setdefault((member.file, key[0]), {})[key[1]] = member
        streams = {path: path.open("rb") for path in files}
        try:
            for (file, key), group in grouped.items():
                if not _is_sample(group):
                    continue
                image, label = _sample(files[file], key, group, streams[files[file]])
                samples.append(Sample(len(images), role, label, _relative(key, label, image.name)))
                images.append(image)
        finally:
            for stream in streams.values():
                stream.close()
    return samples, images


def _is_sample(group: Mapping[str, Member]) -> bool:
    return any(kind in LABELS or is_image(member.name) for kind, member in group.items())


def _relative(key: str, label: Label | None, name: str) -> str:
    """Return an image's name; relative to the folder of its class if the key has one."""
    parts = key.split("/")
    below = parts[parts.index(str(label)) + 1 :] if str(label) in parts[:-1] else parts
    return "/".join(below) + "." + suffix_of(name)


def _sample(
    path: Path, key: str, group: Mapping[str, Member], stream: IO[bytes]
) -> tuple[Member, Label | None]:
    where = f"{path}: {key}"
    image = next((group[name] for name in SUFFIXES if name in group), None)
    image = image or next(
        (m for kind, m in group.items() if suffix_of(f"x.{kind}") in SUFFIXES), None
    )
    kind = next((name for name in LABELS if name in group), None)
    if image is None or kind is None:
        lacking, wanted = ("image", SUFFIXES) if image is None else ("label", LABELS)
        held = ", ".join(sorted(group))
        raise refused(f"has no {lacking} (.{', .'.join(wanted)}); it has {held}", where)
    if group[kind].size > MOST_LABEL:
        raise refused(f"a label of {group[kind].size:,} bytes", f"{where}.{kind}")
    stream.seek(group[kind].offset)
    return image, parsed(kind, stream.read(group[kind].size), f"{where}.{kind}")


def _in_folders(
    files: Sequence[Path],
    parts: Mapping[Role, Sequence[Member]],
    split: bool,
    file: str,
    options: Reading,
    notes: list[str],
) -> Source:
    """Read images in class folders; the content of `train.tar` counts as in a folder `train`."""
    tree = Tree()
    for role, members in parts.items():
        for member in members:
            parts_ = parts_of(member.name)
            inside = not split or exact_role(parts_[0]) == role
            tree.add(member.name if inside else f"{role}/{member.name}", member)
    tree.read = lambda number: _content(files, tree.keys[number])
    laid = lay_out(tree, file)
    store = _store(files, [_member(key) for key in tree.keys])
    listing = arrange(laid.samples, None, file, store.where)
    name = Path(file).stem
    return read_container(Container(file, name, store, listing, [*notes, *laid.notes]), options)


def _member(key: object) -> Member:
    assert isinstance(key, Member)
    return key


def _content(files: Sequence[Path], key: object) -> bytes:
    member = _member(key)
    with files[member.file].open("rb") as stream:
        stream.seek(member.offset)
        return stream.read(min(member.size, MOST_TEXT))
