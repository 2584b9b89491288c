"""The epochs of a run as a table that a person can open."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from designspace.records.training import Epoch, TimeSplit
from designspace.spec.files import write_text_atomic

NAME = "metrics.csv"
COLUMNS = [
    *(name for name in Epoch.model_fields if name != "split"),
    *(f"{phase}_seconds" for phase in TimeSplit.model_fields),
]


def write_metrics(directory: Path, history: Sequence[Epoch]) -> None:
    """Rewrites `metrics.csv` as a whole: one line an epoch."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_row, history))
    write_text_atomic(directory / NAME, text.getvalue())


def _row(epoch: Epoch) -> dict[str, Any]:
    split = epoch.split.model_dump() if epoch.split else {}
    seconds = {f"{phase}_seconds": value for phase, value in split.items()}
    return epoch.model_dump(exclude={"split"}) | seconds
