"""Parquet files of encoded images, as Hugging Face lays them out."""

# pyarrow leaves its types unknown.
# pyright: reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from designspace.errors import InputError
from designspace.images.encoded import Reading, read_encoded, splits_of
from designspace.images.labels import Labelled, numbered
from designspace.images.parts import find_parts
from designspace.images.split import Encoded, Source
from designspace.images.store import SpanStore
from designspace.images.unpacked import unpacked

IMAGES = ("image", "img")
LABELS = ("label", "labels", "fine_label")


def read_parquet(place: Path, options: Reading) -> Source:
    """Reads one file, a pattern of files, or a directory: its own files or those in `data/`.

    A column `image` holds the bytes, or a struct with them, a column `label` integers; the schema's
    Hugging Face part names the classes where it is there. A set too large to keep decoded is
    unpacked once: a row of a Parquet file cannot be read without its neighbours.

    Raises:
        InputError: a file that is no Parquet, lacks the columns or a label, labels that leave a
            gap, or an unreadable image.
    """
    parts = [[_table(path) for path in part] for part in find_parts(place, ".parquet", _labelled)]
    tables = tuple(table for part in parts for table in part)
    store = ParquetStore(tables)
    classes, labels = numbered([_labels(part) for part in parts], tables[0].classes, str(place))
    source = read_encoded(str(place), place.stem, classes, splits_of(store, labels), options)
    if isinstance(source.train, Encoded) and not options.inspect:
        return _spread(source, unpacked(store, [table.path for table in tables]))
    return source


@dataclass(frozen=True)
class Table:
    """A file: its rows a group, its column of images, its labels, and names of classes."""

    path: Path
    groups: tuple[int, ...]
    image: str
    labels: tuple[int | None, ...]
    classes: tuple[str, ...] | None


class ParquetStore:
    """The images of some files in their order, quick to read in that order only."""

    def __init__(self, tables: Sequence[Table]) -> None:
        places = [
            (table, group, row)
            for table in tables
            for group, rows in enumerate(table.groups)
            for row in range(rows)
        ]
        self._places, self._lock = places, Lock()

    def __len__(self) -> int:
        return len(self._places)

    def read(self, index: int, limit: int | None = None) -> bytes:
        """See `Store`."""
        table, group, row = self._places[index]
        with self._lock:
            found = _group(table.path, table.image, group)[row].as_py()
        data: bytes | None = found["bytes"] if isinstance(found, dict) else found
        if data is None:
            raise OSError("the row holds no bytes")
        return data if limit is None else data[:limit]

    def where(self, index: int) -> str:
        """See `Store`."""
        return f"{self._places[index][0].path}: row {self.row(index)}"

    def identity(self, index: int) -> str:
        """See `Store`."""
        path = self._places[index][0].path
        return f"{path.name}:{self.row(index)}:{path.stat().st_size}"

    def row(self, index: int) -> int:
        """An image's row in its file."""
        table, group, row = self._places[index]
        return sum(table.groups[:group]) + row


@lru_cache(maxsize=2)
def _group(path: Path, column: str, group: int) -> Any:
    return pq.ParquetFile(path).read_row_group(group, columns=[column])[column]


def _table(path: Path) -> Table:
    try:
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
        features = _features(schema)
        image = _column(path, schema, features, "Image", IMAGES)
        label = _column(path, schema, features, "ClassLabel", LABELS)
        labels = file.read(columns=[label])[label].to_pylist()
        meta = file.metadata
        groups = tuple(meta.row_group(group).num_rows for group in range(meta.num_row_groups))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"not a readable Parquet file ({error})", file=str(path)) from error
    names = features.get(label, {}).get("names")
    return Table(path, groups, image, tuple(labels), tuple(names) if names else None)


def _features(schema: Any) -> dict[str, dict[str, Any]]:
    """The columns as Hugging Face describes them; none where it does not."""
    said = (schema.metadata or {}).get(b"huggingface")
    if said is None:
        return {}
    return cast("dict[str, dict[str, Any]]", json.loads(said)["info"]["features"])


def _column(
    path: Path, schema: Any, features: dict[str, dict[str, Any]], kind: str, names: Sequence[str]
) -> str:
    """The column of a kind: by its usual names, else as Hugging Face describes it."""
    described = [name for name in features if features[name].get("_type") == kind]
    for name in (*names, *described):
        if name in schema.names:
            return name
    held = ", ".join(schema.names)
    raise InputError(f"has no column {' or '.join(names)} (it has {held})", file=str(path))


def _labelled(paths: Sequence[Path]) -> bool:
    """Whether labels were published: those of a hidden test split are all -1."""
    return any(label != -1 for label in _table(paths[0]).labels)


def _labels(part: Sequence[Table]) -> Labelled:
    values = [label for table in part for label in table.labels]
    places = [f"{table.path}: row {row}" for table in part for row in range(len(table.labels))]
    if None in values:
        raise InputError("has no label", file=places[values.index(None)])
    fraction = next((row for row, value in enumerate(values) if isinstance(value, float)), None)
    if fraction is not None:
        said = f"a label is a whole number or a name (got {values[fraction]})"
        raise InputError(said, file=places[fraction])
    return Labelled(cast("list[int]", values), places)


def _spread(source: Source, store: SpanStore) -> Source:
    """The same source, read from where it was unpacked to."""
    train, test = (
        replace(split, store=store) if isinstance(split, Encoded) else split
        for split in (source.train, source.test)
    )
    assert train is not None
    return replace(
        source, train=train, test=test, notes=(*source.notes, f"unpacked to {store.files[0]}")
    )
