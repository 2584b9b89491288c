"""The image and label columns of a Parquet file, and checks of their content."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from designspace.images.containers.labels import label_of
from designspace.images.containers.listing import Label
from designspace.images.files.filenames import composed, refused, shown

IMAGES = ("image", "img")
LABELS = ("label", "labels", "fine_label")
BROKEN = (pa.ArrowException, OSError, ValueError, KeyError, MemoryError)
"""Errors of pyarrow for a file that is truncated or foreign."""
Features = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Table:
    """One Parquet file, without its images.

    Attributes:
        path: Path of the file.
        groups: Number of rows of each row group.
        image: Name of the column of images.
        size: Size of all columns, unpacked [bytes].
        names: Names of the images' original files; empty if the file does not give them.
        labels: Labels of the rows, as numbers or names.
        classes: Names of the classes, in the order of the labels; None if the file does not give
            them.
        notes: Sentences on assumptions.
    """

    path: Path
    groups: tuple[int, ...]
    image: str
    size: int
    names: tuple[str, ...]
    labels: tuple[Label | None, ...]
    classes: tuple[str, ...] | None
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


def read_table(path: Path) -> Table:
    """Read everything but the images from a Parquet file.

    Raises:
        InputError: The file is not a Parquet file, a column is missing or holds something else, or
            a label is neither a number nor a name.
    """
    try:
        with pq.ParquetFile(path) as file:
            return _table(path, file)
    except BROKEN as error:
        raise refused(f"not a readable Parquet file ({first_line(error)})", path) from error


def first_line(error: BaseException) -> str:
    """Return the message of a pyarrow error, without the stack that it may contain."""
    said = str(error).splitlines()
    return shown(said[0]) if said else type(error).__name__


def _table(path: Path, file: pq.ParquetFile) -> Table:
    schema = file.schema_arrow
    features, notes = _features(schema)
    image = _column(path, schema, features, "Image", IMAGES)
    label = _column(path, schema, features, "ClassLabel", LABELS)
    _check_images(path, schema.field(image))
    meta = file.metadata
    groups = [meta.row_group(number) for number in range(meta.num_row_groups)]
    # The size of all columns: asking a damaged file for a single column crashes the process.
    size = sum(group.total_byte_size for group in groups)
    others = [name for name in LABELS if name in schema.names and name != label]
    if others:
        notes.append(f"labels are from the column {label}, not from {', '.join(others)}")
    return Table(
        path,
        tuple(group.num_rows for group in groups),
        image,
        size,
        _names(file, schema.field(image)),
        _labels(path, file, schema.field(label)),
        _classes(path, features.get(label, {})),
        tuple(notes),
    )


def _features(schema: Any) -> tuple[Features, list[str]]:
    """Return Hugging Face's description of the columns, empty if there is none, and notes."""
    said = (schema.metadata or {}).get(b"huggingface")
    if said is None:
        return {}, []
    try:
        features = json.loads(said)["info"]["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        features = None
    if not isinstance(features, dict):
        return {}, ["Hugging Face's description in the file is not readable: columns are taken by "
                    "their names"]  # fmt: skip
    known = cast("dict[str, Any]", features)
    # Earlier versions describe a column of lists by a list of features.
    return {name: each if isinstance(each, dict) else {} for name, each in known.items()}, []


def _column(path: Path, schema: Any, features: Features, kind: str, names: Sequence[str]) -> str:
    """Find the column of a kind: by its usual names, or else by Hugging Face's description."""
    described = [name for name in features if features[name].get("_type") == kind]
    for name in (*names, *described):
        count = schema.names.count(name)
        if count > 1:
            raise refused(f"has {count} columns '{name}'", path)
        if count:
            return name
    held = ", ".join(schema.names)
    raise refused(f"has no column {' or '.join(names)} (it has {held})", path)


def _is_binary(kind: Any) -> bool:
    kinds = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    return any(check(kind) for check in kinds) or str(kind) in ("binary_view", "null")


def _check_images(path: Path, field: Any) -> None:
    kind = field.type
    if pa.types.is_struct(kind):
        inside = [kind.field(number).name for number in range(kind.num_fields)]
        if "bytes" not in inside:
            held = ", ".join(inside)
            said = f"column '{field.name}' holds no bytes of images, only {held}"
            raise refused(said, path, "write the images into the file")
        kind = kind.field("bytes").type
    if not _is_binary(kind):
        said = f"column '{field.name}' holds {kind}, no encoded images (bytes)"
        raise refused(said, path)


def _names(file: pq.ParquetFile, field: Any) -> tuple[str, ...]:
    """Return the names of the images' files; empty unless all rows have one."""
    kind = field.type
    if not pa.types.is_struct(kind) or kind.get_field_index("path") < 0:
        return ()
    if not pa.types.is_string(kind.field("path").type):
        return ()
    column = file.read(columns=[f"{field.name}.path"])[field.name]
    rows: list[Any] = column.to_pylist()
    names = [row.get("path") if row else None for row in rows]
    return tuple(map(str, names)) if all(names) else ()


def _labels(path: Path, file: pq.ParquetFile, field: Any) -> tuple[Label | None, ...]:
    values: list[Any] = file.read(columns=[field.name])[field.name].to_pylist()
    labels: list[Label | None] = []
    for row, value in enumerate(values):
        if value is None or type(value) is int:
            labels.append(value)
            continue
        where = f"{path}: column '{field.name}', row {row}"
        label = label_of(value, where)
        labels.append(composed(value) if isinstance(value, str) else label)
    return tuple(labels)


def _classes(path: Path, feature: Mapping[str, Any]) -> tuple[str, ...] | None:
    names = feature.get("names")
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(n, str) for n in cast("list[Any]", names)):
        raise refused("its class names are not a list of names", path)
    return tuple(map(composed, cast("list[str]", names))) or None
