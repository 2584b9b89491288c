"""A population on disk: one row per network, as Parquet or CSV."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from designspace.errors import InputError
from designspace.layers.frozen import Frozen
from designspace.records.measured.csv_text import neutral
from designspace.records.places import require_outside_trials
from designspace.sampling.feasible import Draw
from designspace.sampling.tables.components import COSTS
from designspace.sampling.task import Task
from designspace.spec.documents.document import (
    Document,
    write_bytes_atomic,
    write_yaml_atomic,
    writing,
)
from designspace.spec.network.load import without_facts
from designspace.spec.network.network import Network
from designspace.spec.space.limits import Limit

SUFFIXES = (".parquet", ".csv")
ABOUT = b"designspace"  # the key of the table's own description in a Parquet file


class About(Frozen):
    """The origin of a population.

    Attributes:
        space: Name of the space.
        purpose: Question that the space asks.
        digest: Identity of the space.
        limits: Limits on the costs of the networks.
        task: Task on which they are costed.
        seed: Seed of the draw.
        stratified: Cost along which they were spread; None for a uniform draw.
        total: Number of distinct networks of the space; None if not counted.
        count: Number of distinct networks within the limits; None if not counted.
        acceptance: Share of the drawn points that was kept, for a search; else None.
        version: Version of the program.
        command: Command line as typed.
    """

    space: str
    purpose: str = ""
    digest: str
    limits: tuple[Limit, ...] = ()
    task: Task
    seed: int
    stratified: str | None = None
    total: int | None = None
    count: int | None = None
    acceptance: float | None = None
    version: str
    command: tuple[str, ...] = ()


def check_path(path: Path) -> None:
    """Refuse a path that cannot be written: of a table, or without a suffix of a folder of specs.

    Raises:
        InputError: The suffix is another one, the table's folder is missing, the folder of specs
            exists already, or the path is among the trials of a study.
    """
    require_outside_trials(path)
    if not path.suffix:
        if path.exists():
            raise InputError("exists already", file=str(path), hint="name a folder that does not")
        return
    if path.suffix not in SUFFIXES:
        raise InputError(
            f"a population is written as {' or '.join(SUFFIXES)}", file=str(path),
            hint="a name without a suffix is a folder of specs",
        )  # fmt: skip
    if not path.parent.is_dir():
        raise InputError("there is no such folder", file=str(path.parent))


def write_population(
    path: Path,
    draw: Draw,
    about: About,
    digests: Sequence[str] | None = None,
) -> None:
    """Write a draw: digests if given, one column per axis, and the three costs.

    Args:
        path: File that ends in `.parquet`, or in `.csv`, which does not hold `about`.
        draw: Networks to write.
        about: Origin of the population.
        digests: Digest per network, (n,).
    """
    import pyarrow
    from pyarrow import csv, parquet

    pa, csv_file, parquet_file = (cast("Any", each) for each in (pyarrow, csv, parquet))
    columns: dict[str, Any] = {"digest": pa.array(digests)} if digests is not None else {}
    active, is_csv = draw.active(), path.suffix == ".csv"
    for column, (name, axis) in enumerate(draw.axes.items()):
        indices = pa.array(draw.labels[:, column].astype("int16"), mask=~active[:, column])
        labels = [neutral(label) for label in axis.labels] if is_csv else list(axis.labels)
        columns[name] = pa.DictionaryArray.from_arrays(indices, pa.array(labels))
    for cost in COSTS:
        columns[cost] = pa.array(getattr(draw, cost))
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    if is_csv:
        plain = [pa.string() if name in draw.axes else table[name].type for name in columns]
        csv_file.write_csv(table.cast(pa.schema(zip(columns, plain, strict=True))), sink)
    else:
        kept = {ABOUT: about.model_dump_json().encode()}
        parquet_file.write_table(table.replace_schema_metadata(kept), sink)
    write_bytes_atomic(path, sink.getvalue().to_pybytes())


def write_specs(folder: Path, name: str, specs: Sequence[Network]) -> None:
    """Write networks as YAML, one file each, into a folder that appears once all are written.

    Raises:
        InputError: The folder exists, or cannot be made.
    """
    check_path(folder)
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        writing(folder),
        tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary,
    ):
        inside = Path(temporary) / "specs"
        for number, network in enumerate(specs):
            own = without_facts(Document(network.authored)).data
            data = {**own, "name": f"{name}-{network.digest[:8]}"}
            write_yaml_atomic(inside / f"{number:0{len(str(len(specs) - 1))}}.yaml", data)
        inside.rename(folder)
