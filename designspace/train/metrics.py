"""The epochs of a run as a table that a person can open."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from designspace.records.training import Epoch
from designspace.spec.files import write_text_atomic

NAME = "metrics.csv"


def write_metrics(directory: Path, history: Sequence[Epoch]) -> None:
    """Rewrites `metrics.csv` as a whole: one line an epoch."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(Epoch.model_fields), lineterminator="\n")
    writer.writeheader()
    writer.writerows(epoch.model_dump() for epoch in history)
    write_text_atomic(directory / NAME, text.getvalue())
