"""A zip file of images in the layout of a directory: `train/<class>/*` beside `test` or `val`."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from designspace.errors import InputError
from designspace.images.encoded import IMAGES, Reading, read_encoded, splits_of
from designspace.images.labels import Labelled, numbered
from designspace.images.parts import TEST_NAMES
from designspace.images.split import Source
from designspace.images.store import SpanStore

_LOCAL_HEADER = 30
"""Bytes before the name, whose last two numbers are the lengths of name and extra field."""


@dataclass(frozen=True)
class ZipStore(SpanStore):
    """Members of a zip file, stored or deflated.

    Attributes:
        deflated: which of them are compressed, (N,).
    """

    deflated: NDArray[np.bool_]

    def read(self, index: int, limit: int | None = None) -> bytes:
        """See `Store`."""
        if not self.deflated[index]:
            return super().read(index, limit)
        try:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(super().read(index), limit or 0)
        except zlib.error as error:
            raise OSError(f"cannot be inflated: {error}") from error


def read_zip(file: Path, options: Reading) -> Source:
    """Reads a zip file; labels follow the sorted names of the class folders.

    Raises:
        InputError: no zip file, no class folders, classes that differ, or an unreadable image.
    """
    parts = _parts(file)
    members = [member for part in parts for member in part]
    labelled = [
        Labelled([_class(member) for member in part], [f"{file}: {m.filename}" for m in part])
        for part in parts
    ]
    classes, labels = numbered(labelled, None, str(file))
    spans = np.array(_spans(file, members), dtype=np.int64)
    deflated = np.array([member.compress_type == zipfile.ZIP_DEFLATED for member in members])
    store = ZipStore((file,), tuple(member.filename for member in members), spans, deflated)
    return read_encoded(str(file), file.stem, classes, splits_of(store, labels), options)


def _parts(file: Path) -> list[list[zipfile.ZipInfo]]:
    """The images to train with, and those to test with where there are some, by name."""
    try:
        with zipfile.ZipFile(file) as archive:
            found = [member for member in archive.infolist() if _is_image(member)]
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(f"not a readable zip file ({error})", file=str(file)) from error
    found.sort(key=lambda member: member.filename)
    named = {name: [m for m in found if _split(m) == name] for name in ("train", *TEST_NAMES)}
    tests = [named[name] for name in TEST_NAMES if named[name]]
    if named["train"]:
        return [named["train"], *tests[:1]]
    if not found:
        raise InputError("holds no images in class folders (<class>/<image>)", file=str(file))
    return [found]


def _is_image(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    kept = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    return kept and len(path.parts) > 1 and path.suffix.lower().lstrip(".") in IMAGES


def _split(member: zipfile.ZipInfo) -> str | None:
    """The folder that holds the class's folder."""
    parts = PurePosixPath(member.filename).parts
    return parts[-3] if len(parts) > 2 else None


def _class(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).parts[-2]


def _spans(file: Path, members: Sequence[zipfile.ZipInfo]) -> list[tuple[int, int, int]]:
    """Where the bytes of each member begin: after its own header, whose length varies."""
    spans: list[tuple[int, int, int]] = []
    with file.open("rb") as stream:
        for member in members:
            stream.seek(member.header_offset)
            header = stream.read(_LOCAL_HEADER)
            name, extra = struct.unpack("<HH", header[26:30])
            begin = member.header_offset + _LOCAL_HEADER + name + extra
            spans.append((0, begin, member.compress_size))
    return spans
