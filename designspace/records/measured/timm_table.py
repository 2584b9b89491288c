"""Speeds with the column names of timm's `benchmark.py` and its `results/*.csv`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from designspace.records.measured.csv_text import csv_text
from designspace.records.measured.speed import Speed, SpeedRow

COLUMNS = (
    "model",
    *(f"infer_{name}" for name in ("samples_per_sec", "step_time", "batch_size", "img_size")),
    "infer_gmacs",
    "infer_macts",
    *(f"train_{name}" for name in ("samples_per_sec", "step_time", "batch_size", "img_size")),
    "param_count",
)
_OURS = "ds_"  # the prefix of `designspace.timm_models`


def timm_csv(rows: Sequence[SpeedRow]) -> str:
    """Return CSV with one line per network and batch size, both modes in it.

    Unmeasured cells are empty. `step_time` is the median latency in milliseconds, while timm
    reports the mean; `infer_gmacs` and `infer_macts` are our exact counts in 1e9 and 1e6;
    `param_count` is in 1e6. Our networks are called `ds_` plus their name and changes; timm's have
    timm's names.
    """
    lines: dict[tuple[str, str, int], dict[str, Any]] = {}
    for row in rows:
        _add(lines, row, _OURS + row.title, row.speed)
        if row.against:
            _add(lines, row, row.against.name.partition(":")[2], row.against.speed)
    return csv_text(COLUMNS, [[line.get(name) for name in COLUMNS] for line in lines.values()])


def _add(
    lines: dict[tuple[str, str, int], dict[str, Any]],
    row: SpeedRow,
    model: str,
    speed: Speed | None,
) -> None:
    line = lines.setdefault((model, row.digest, row.batch_size), {"model": model})
    line["param_count"] = round(row.params / 1e6, 2)
    line |= {f"{row.mode}_{name}": value for name, value in _cells(row, speed).items()}
    if row.mode == "infer":
        line |= {"infer_gmacs": round(row.macs / 1e9, 2), "infer_macts": round(row.acts / 1e6, 2)}


def _cells(row: SpeedRow, speed: Speed | None) -> dict[str, Any]:
    cells: dict[str, Any] = {"batch_size": row.batch_size, "img_size": row.input_size}
    if speed:
        cells["samples_per_sec"] = round(speed.throughput.median, 2)
        cells["step_time"] = round(speed.latency_ms.median, 3)
    return cells
