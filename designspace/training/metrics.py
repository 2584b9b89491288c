"""The epochs of a run as a CSV table for people; the record holds the same figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from designspace.records.measured.csv_text import csv_text
from designspace.records.training import Epoch, TimeSplit
from designspace.spec.documents.document import write_text_atomic

NAME = "metrics.csv"
_TIMES = [f"time.{part}" for part in TimeSplit.model_fields]
COLUMNS = [*(name for name in Epoch.model_fields if name not in ("time", "note")), *_TIMES]


def write_metrics(directory: Path, history: Sequence[Epoch]) -> None:
    """Rewrite `metrics.csv` as a whole: one line per epoch; figures not measured stay empty."""
    lines = [_line(epoch) for epoch in history]
    text = csv_text(COLUMNS, [[line.get(name) for name in COLUMNS] for line in lines])
    write_text_atomic(directory / NAME, text)


def _line(epoch: Epoch) -> dict[str, Any]:
    parts = epoch.time.model_dump() if epoch.time else {}
    flat = {f"time.{part}": seconds for part, seconds in parts.items()}
    return epoch.model_dump(exclude={"time", "note"}) | flat
