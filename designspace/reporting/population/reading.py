"""Reading a population from a Parquet or CSV file, also one that another program wrote."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from designspace.errors import InputError, did_you_mean
from designspace.library_warnings import silenced
from designspace.records.measured.csv_text import plain
from designspace.reporting.population.table import IDLE, Codes, Table
from designspace.sampling.population import ABOUT, SUFFIXES, About
from designspace.sampling.tables.components import COSTS

MOST_LABELS = 1_000  # labels per axis
DIGEST = "digest"

_arrow = cast("Any", pa)  # the type checker does not know its types


def read(file: Path, name: str) -> Table:
    """Read the networks of a file. A column that is neither a cost nor the digest is an axis.

    Raises:
        InputError: The file does not exist, is broken or empty, or is not a population.
    """
    table = _whole(file)
    columns: list[str] = table.column_names
    for cost in COSTS:
        if cost not in columns:
            hint = did_you_mean(cost, columns) if columns else None
            raise InputError(
                f"not a population: it has no column '{cost}'", file=str(file), hint=hint
            )
    if not table.num_rows:
        raise InputError("holds no network", file=str(file))
    _once(columns, file)
    axes = {
        column: _axis(table[column], file, column)
        for column in columns
        if column not in (*COSTS, DIGEST)
    }
    return Table(
        name=name,
        file=file,
        about=_about(table.schema.metadata, file),
        labels={axis: labels for axis, (labels, _) in axes.items()},
        codes={axis: codes for axis, (_, codes) in axes.items()},
        costs={cost: _cost(table[cost], file, cost) for cost in COSTS},
        digests=_numbered(table[DIGEST])[1] if DIGEST in columns else None,
    )


@silenced()
def _whole(file: Path) -> Any:
    """Read the file as an Arrow table."""
    readers: dict[str, Callable[[Path], Any]] = dict(zip(SUFFIXES, (_parquet, _csv), strict=True))
    if not file.exists():
        raise InputError("no such file", file=str(file))
    if file.suffix not in readers or not file.is_file():
        raise InputError(
            f"a population is a file that ends in {' or '.join(SUFFIXES)}", file=str(file)
        )
    try:
        return readers[file.suffix](file)
    except (_arrow.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        said = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise InputError(f"cannot be read as {file.suffix[1:]}: {said}", file=str(file)) from None


def _parquet(file: Path) -> Any:
    from pyarrow import parquet

    return cast("Any", parquet).read_table(file, partitioning=None)


def _csv(file: Path) -> Any:
    """Read costs as whole numbers and all other columns as labels; an empty cell has no value."""
    from pyarrow import csv as arrow_csv

    with file.open(encoding="utf-8-sig", newline="") as text:
        header = next(csv.reader(text), list[str]())
    _once(header, file)
    module = cast("Any", arrow_csv)
    labels = _arrow.dictionary(_arrow.int32(), _arrow.string())
    types = {name: _arrow.int64() if name in COSTS else labels for name in header}
    options = module.ConvertOptions(
        column_types=types,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    return module.read_csv(file, convert_options=options)


def _once(columns: Sequence[str], file: Path) -> None:
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice is not None:
        raise InputError(f"column '{twice}' appears twice", file=str(file))


def _about(metadata: Mapping[bytes, bytes] | None, file: Path) -> About | None:
    if not metadata or ABOUT not in metadata:
        return None
    try:
        return About.model_validate_json(metadata[ABOUT])
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(map(str, first["loc"])) or None
        said = f"its description is not one that `designspace sample` writes: {first['msg']}"
        raise InputError(said, file=str(file), path=path) from None


def _cost(column: Any, file: Path, name: str) -> np.ndarray:
    if not _arrow.types.is_integer(column.type) or column.null_count:
        given = "a cell without a value" if column.null_count else f"values of type {column.type}"
        raise InputError(f"a cost is a whole number; found {given}", file=str(file), path=name)
    try:
        values: np.ndarray = column.cast(_arrow.int64()).to_numpy()
    except _arrow.ArrowInvalid:
        raise InputError("a cost is beyond 2**63", file=str(file), path=name) from None
    if values.min() < 0:
        said = f"a cost is at least 0; found {values.min():,}"
        raise InputError(said, file=str(file), path=name)
    return values


def _axis(column: Any, file: Path, name: str) -> tuple[tuple[str, ...], Codes]:
    kind = column.type.value_type if _arrow.types.is_dictionary(column.type) else column.type
    types = _arrow.types
    if not (types.is_string(kind) or types.is_large_string(kind) or types.is_integer(kind)):
        raise InputError(f"not an axis: labels are words, not {kind}", file=str(file), path=name)
    labels, codes = _numbered(column)
    if len(labels) > MOST_LABELS:
        said = f"not an axis: {len(labels):,} different labels, and at most {MOST_LABELS:,} are"
        raise InputError(said, file=str(file), path=name)
    return tuple(map(plain, labels)) if file.suffix == ".csv" else labels, codes


def _numbered(column: Any) -> tuple[tuple[str, ...], Codes]:
    """Return the different labels of a column, and the index of each row's label."""
    if not _arrow.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    joined = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if isinstance(joined, _arrow.ChunkedArray):
        joined = joined.unify_dictionaries().combine_chunks()
    codes = joined.indices.fill_null(IDLE).to_numpy(zero_copy_only=False).astype(np.int32)
    return tuple(map(str, joined.dictionary.to_pylist())), codes
