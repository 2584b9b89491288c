"""Parquet files of encoded images, in Hugging Face's layout.

A row of a Parquet file cannot be read without its neighbours, but training reads images in random
order. The encoded images are therefore read once from beginning to end: into memory if they are
small, otherwise into one file in which each image can be read directly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from designspace.images.containers.columns import BROKEN, Table, first_line, read_table
from designspace.images.containers.listing import HIDDEN, Sample, arrange
from designspace.images.containers.patterns import assigned
from designspace.images.containers.reading import Container, read_container
from designspace.images.containers.roles import Role
from designspace.images.containers.unpacked import unpacked
from designspace.images.files.filenames import listed, refused, shown
from designspace.images.files.store import LARGEST, TOO_LARGE, SpanStore, Store
from designspace.images.pixels.encoded import Reading
from designspace.images.split import EncodedSplit, Source


def read_parquet(
    files: Sequence[Path], root: Path, file: str, options: Reading, whole: bool
) -> Source:
    """Read Parquet files.

    A column `image` holds the bytes, or a struct with them. A column `label` holds numbers or
    names. If the schema has Hugging Face's description, this names the classes.

    Args:
        files: Files of all splits.
        root: Folder that contains the files.
        file: Name that the user gave.
        options: Options for reading images.
        whole: Whether the user named a folder rather than files.

    Raises:
        InputError: A file is not a Parquet file or lacks the columns or a label, labels leave a
            gap, or an image is unreadable.
    """
    parts, notes = assigned(files, root, file, whole)
    read: dict[Role, list[Table]] = {
        role: [read_table(path) for path in part] for role, part in parts.items()
    }
    notes += dict.fromkeys(note for part in read.values() for t in part for note in t.notes)
    used = _published(read, notes)
    tables = [table for part in used.values() for table in part]
    rows = RowStore(tables)
    samples = _samples(used)
    listing = arrange(samples, _classes(tables, file), file, rows.where)
    kept = sum(table.size for table in tables) <= options.cache_bytes
    store = ParquetStore(rows, Kept(rows) if kept else _reachable(rows, options))
    name = Path(file).stem if not whole else Path(file).name
    source = read_container(Container(file, name, store, listing, notes), options)
    if not isinstance(source.train, EncodedSplit) or options.inspect:
        return source
    return _spread(source, ParquetStore(rows, _spans(rows)) if kept else store)


def _published(
    parts: Mapping[Role, Sequence[Table]], notes: list[str]
) -> dict[Role, Sequence[Table]]:
    """Return the splits with labels; the labels of a hidden test split are all -1 or missing."""
    used: dict[Role, Sequence[Table]] = {}
    for role, tables in parts.items():
        if role != "train" and all(label in HIDDEN for t in tables for label in t.labels):
            notes.append(
                f"the {role} split has no labels ({sum(map(len, tables))} images): left out"
            )
        else:
            used[role] = tables
    return used


def _samples(parts: Mapping[Role, Sequence[Table]]) -> list[Sample]:
    samples: list[Sample] = []
    for role, tables in parts.items():
        for table in tables:
            names = table.names or [""] * len(table)
            for name, label in zip(names, table.labels, strict=True):
                samples.append(Sample(len(samples), role, label, name))
    return samples


def _classes(tables: Sequence[Table], file: str) -> tuple[str, ...] | None:
    known = list(dict.fromkeys(table.classes for table in tables if table.classes))
    if len(known) > 1:
        odd = set(known[0]) ^ set(known[1])
        said = listed(odd) if odd else "the same in another order"
        raise refused(f"its files differ in their classes: {said}", file)
    return known[0] if known else None


class RowStore:
    """The images of some files in their order; only reading in this order is fast."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self.tables = tables
        self._places = [
            (table, group, row)
            for table in tables
            for group, rows in enumerate(table.groups)
            for row in range(rows)
        ]

    def __len__(self) -> int:
        return len(self._places)

    def read(self, index: int, limit: int | None = None) -> bytes:
        """See `Store`."""
        table, group, row = self._places[index]
        try:
            found = _group(table.path, table.image, group)[row].as_py()
        except BROKEN as error:
            raise OSError(f"cannot be read: {first_line(error)}") from error
        data: bytes | None = found["bytes"] if isinstance(found, dict) else found
        if not data:
            raise OSError("the row holds no bytes")
        if len(data) > LARGEST:
            raise OSError(TOO_LARGE)
        return data if limit is None else data[:limit]

    def where(self, index: int) -> str:
        """See `Store`."""
        return shown(f"{self._places[index][0].path}: row {self.row(index)}")

    def identity(self, index: int) -> str:
        """See `Store`."""
        path = self._places[index][0].path
        return f"{shown(path.name)}:{self.row(index)}:{path.stat().st_size}"

    def size(self, index: int) -> int:
        """See `Store`."""
        return len(self.read(index))

    def row(self, index: int) -> int:
        """Return the row of an image in its file."""
        table, group, row = self._places[index]
        return sum(table.groups[:group]) + row


class Kept:
    """The bytes of a store, read once into memory; unreadable images are empty."""

    def __init__(self, store: Store) -> None:
        self._data = [_bytes(store, index) for index in range(len(store))]

    def read(self, index: int, limit: int | None = None) -> bytes:
        """See `Store`."""
        return self._data[index][:limit]

    def size(self, index: int) -> int:
        """See `Store`."""
        return len(self._data[index])


def _bytes(store: Store, index: int) -> bytes:
    try:
        return store.read(index)
    except OSError:
        return b""  # decoding reports it later


@dataclass(frozen=True)
class ParquetStore:
    """The images of Parquet files: locations from the files, bytes from a copy.

    Attributes:
        rows: Rows of the files.
        copy: The same images with fast access in any order; the rows themselves if the images are
            only inspected and too large for memory.
    """

    rows: RowStore
    copy: Kept | SpanStore | RowStore

    def __len__(self) -> int:
        return len(self.rows)

    def read(self, index: int, limit: int | None = None) -> bytes:
        """See `Store`."""
        data = self.copy.read(index, limit)
        return data or self.rows.read(index, limit)  # raises the reason why there are none

    def where(self, index: int) -> str:
        """See `Store`."""
        return self.rows.where(index)

    def identity(self, index: int) -> str:
        """See `Store`."""
        return self.rows.identity(index)

    def size(self, index: int) -> int:
        """See `Store`."""
        return self.copy.size(index)


def _reachable(rows: RowStore, options: Reading) -> SpanStore | RowStore:
    """Return a copy with fast access in any order; the rows themselves if only inspected."""
    return rows if options.inspect else _spans(rows)


def _spans(rows: RowStore) -> SpanStore:
    return unpacked(rows, [table.path for table in rows.tables])


@lru_cache(maxsize=2)
def _group(path: Path, column: str, group: int) -> Any:
    with pq.ParquetFile(path) as file:
        return file.read_row_group(group, columns=[column])[column]


def _spread(source: Source, store: ParquetStore) -> Source:
    """Return the source with splits that read from the unpacked file, and a note on that file."""
    assert isinstance(store.copy, SpanStore)
    train, test, val = (
        replace(split, store=store) if isinstance(split, EncodedSplit) else split
        for split in (source.train, source.test, source.val)
    )
    assert train is not None
    note = f"unpacked to {store.copy.files[0]}"
    return replace(source, train=train, test=test, val=val, notes=(*source.notes, note))
