"""The data of the report for other programs: CSV with one row per trial, and everything as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from designspace.records.measured.csv_text import csv_text
from designspace.reporting.drawing.numbers import MACS_CONVENTION
from designspace.reporting.study.rows import Row
from designspace.reporting.study.summary import Summary

_FIELDS = (
    "number", "state", "on_front", "is_base", "is_winner", "attempts", "epochs", "top1", "top5",
    "params", "macs", "acts", "seconds", "digest", "recipe", "proposer",
)  # fmt: skip


def as_csv(summary: Summary) -> str:
    """Return CSV with one row per trial; an unknown value is an empty cell.

    The axes are in columns named `axis:<name>`.
    """
    axes = list(dict.fromkeys(axis for row in summary.rows for axis in row.point))
    head = [*_fields(summary), "changes", "error", *(f"axis:{axis}" for axis in axes)]
    return csv_text(head, [_line(row, _fields(summary), axes) for row in summary.rows])


def _fields(summary: Summary) -> tuple[str, ...]:
    """Return the columns; `by_torch` is included if torch counted the costs of any trial."""
    return (*_FIELDS, "by_torch") if summary.counting else _FIELDS


def _line(row: Row, names: Sequence[str], axes: Sequence[str]) -> list[object]:
    fields = [getattr(row, name) for name in names]
    flags = [int(field) if isinstance(field, bool) else field for field in fields]
    changes = "; ".join(map(str, row.changes))
    return [*flags, changes, row.error, *(row.point.get(axis) for axis in axes)]


def as_json(summary: Summary) -> str:
    """Return study, front, winner, test and all trials as JSON; an unknown value is null."""
    tested = summary.tested
    document = {
        "format": 1,
        "convention": MACS_CONVENTION,
        "study": summary.meta.model_dump(mode="json"),
        "complete": summary.complete,
        "wanted": summary.wanted,
        "updated": summary.updated.isoformat() if summary.updated else None,
        "seeds": 1,
        "recipes": summary.recipes or 1,
        "confounders": list(summary.confounders),
        "front": [row.number for row in summary.front],
        "winner": summary.winner.number if summary.winner else None,
        "test": tested.model_dump(mode="json", exclude={"event", "time"}) if tested else None,
        "test_readings": [reading.model_dump(mode="json") for reading in summary.readings],
        "validation_standard_error": summary.noise,
        "trials": [_trial(row, _fields(summary)) for row in summary.rows],
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _trial(row: Row, names: Sequence[str]) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in names},
        "error": row.error,
        "point": dict(row.point),
        "recipe_changes": dict(row.recipe_changes),
        "changes": [
            {"axis": change.axis, "label": change.label, "base": change.base}
            for change in row.changes
        ],
        "curve": [{"epoch": epoch, "top1": top1} for epoch, top1 in row.curve],
    }
