"""The tree of a zip file, and access to its members, which may be stored or deflated."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from designspace.images.containers.tree import MOST_TEXT, Tree
from designspace.images.files.filenames import is_image, listed, parts_of, plural, refused, shown
from designspace.images.files.store import LARGEST, TOO_LARGE, SpanStore

BROKEN = (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error, EOFError)
"""Errors of the standard library for a zip file that is truncated or foreign."""
_LOCAL_HEADER = 30
"""Bytes before the name; their last two numbers are the lengths of the name and the extra field."""
_MARGIN = 1 << 10
"""Allowance for the bytes that Deflate adds to an image that it cannot make smaller."""
_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED = 0x1
_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 99: "AES"}


@dataclass(frozen=True)
class ZipStore(SpanStore):
    """Members of a zip file, stored or deflated.

    Attributes:
        inflated: Uncompressed size of each compressed member as the archive states it, 0 for
            members that are stored, int64 (N,) [bytes].
    """

    inflated: NDArray[np.int64]

    def read(self, index: int, limit: int | None = None) -> bytes:
        """See `Store`."""
        if not self.inflated[index]:
            return super().read(index, limit)
        if self.inflated[index] > LARGEST:
            raise OSError(TOO_LARGE)
        most = LARGEST + 1 if limit is None else limit
        # `limit` compressed bytes yield at least `limit` bytes, except where Deflate adds some.
        packed = super().read(index, None if limit is None else limit + _MARGIN)
        try:
            data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most)
        except zlib.error as error:
            raise OSError(f"cannot be inflated: {error}") from error
        if len(data) > LARGEST:
            raise OSError(TOO_LARGE)
        return data


def list_zip(file: Path) -> Tree:
    """List the members of a zip file; of two members with the same name, the later one counts.

    Raises:
        InputError: The file is not a zip file, or an image is encrypted or compressed with a method
            other than Deflate.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except BROKEN as error:
        raise refused(f"not a readable zip file ({error})", file) from error
    tree = Tree()
    unique = {member.filename: member for member in members}
    for member in unique.values():
        if member.is_dir():
            tree.add_folder(parts_of(member.filename))
        else:
            tree.add(member.filename, member)
    for parts, member in zip(tree.files, tree.keys, strict=True):
        if is_image(parts[-1]):
            _check(member, file)
    twice = len(members) - len(unique)
    if twice:
        tree.notes.append(f"left out {plural(twice, 'member')} that a later member of the same "
                          f"name replaces: {listed(_twice(members), 3)}")  # fmt: skip
    tree.read = lambda number: _content(file, tree.keys[number])
    return tree


def store_of(file: Path, tree: Tree) -> ZipStore:
    """Return a store of the files of a tree, in its order.

    Raises:
        InputError: An image's offset does not belong to a member, or its bytes end beyond the file.
    """
    members = [_member(key) for key in tree.keys]
    spans = np.array(_spans(file, members), dtype=np.int64).reshape(-1, 3)
    inflated = [max(m.file_size, 1) if m.compress_type else 0 for m in members]
    names = tuple(shown(member.filename) for member in members)
    return ZipStore((file,), names, spans, np.array(inflated, dtype=np.int64))


def _member(key: object) -> zipfile.ZipInfo:
    assert isinstance(key, zipfile.ZipInfo)
    return key


def _twice(members: Sequence[zipfile.ZipInfo]) -> set[str]:
    met: set[str] = set()
    return {m.filename for m in members if m.filename in met or met.add(m.filename)}


def _check(key: object, file: Path) -> None:
    """Reject an image that cannot be read, because it would be missing otherwise."""
    member, where = _member(key), f"{file}: {_member(key).filename}"
    if member.flag_bits & _ENCRYPTED:
        raise refused("is encrypted", where, "unpack the archive, or pack it without a password")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        method = _METHODS.get(member.compress_type, f"method {member.compress_type}")
        raise refused(
            f"is compressed with {method}",
            where,
            "pack the archive with Deflate or without compression",
        )


def _content(file: Path, key: object) -> bytes:
    """Read a text member, up to `MOST_TEXT` bytes."""
    try:
        with zipfile.ZipFile(file) as archive, archive.open(_member(key)) as stream:
            return stream.read(MOST_TEXT)
    except (*BROKEN, RuntimeError, zlib.error) as error:
        where = f"{file}: {_member(key).filename}"
        raise refused(f"cannot be read ({error})", where) from error


def _spans(file: Path, members: Sequence[zipfile.ZipInfo]) -> list[tuple[int, int, int]]:
    """Return file number, offset and size of each member's bytes.

    The bytes begin after the member's own header, whose length varies.
    """
    spans: list[tuple[int, int, int]] = []
    size = file.stat().st_size
    with file.open("rb") as stream:
        for member in members:
            offset = member.header_offset
            header = b""
            if 0 <= offset <= size - _LOCAL_HEADER:
                stream.seek(offset)
                header = stream.read(_LOCAL_HEADER)
            # A member that is not an image may be broken, because it is never read.
            begin, end = offset, offset
            if header.startswith(_SIGNATURE):
                name, extra = struct.unpack("<HH", header[26:30])
                begin = offset + _LOCAL_HEADER + name + extra
                end = begin + member.compress_size
            if (begin == offset or end > size) and is_image(member.filename):
                where = f"{file}: {member.filename}"
                raise refused("reaches beyond the file: the archive is damaged or truncated", where)
            spans.append((0, begin, end - begin))
    return spans
