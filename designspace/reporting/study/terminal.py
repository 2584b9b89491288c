"""The report's table for a terminal, as plain text."""

from __future__ import annotations

from dataclasses import dataclass

from designspace.reporting.drawing.numbers import UNKNOWN, fixed
from designspace.reporting.study.rows import Row
from designspace.reporting.study.summary import Summary

_STYLES = {
    "front": "bold",
    "complete": "",
    "stopped": "dim",
    "failed": "red",
    "diverged": "red",
    "running": "cyan",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table and the sentence below it.

    Attributes:
        title: Line above the table.
        columns: Headings of the columns.
        rows: Cells as text.
        text: Columns that hold text; the others hold numbers.
        optional: Columns that may be left out if there is no room, the first one first.
        caption: Sentence below the table.
        styles: Style of each row: `bold`, `dim`, `red`, `cyan` or nothing; empty for no styles.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: frozenset[str]
    optional: tuple[str, ...]
    caption: str
    styles: tuple[str, ...] = ()


def table(summary: Summary, limit: int = 20) -> Sheet:
    """Return the front, then the others; at most `limit` rows, and the number of rows left out.

    All members of the front are shown, even if there are more than `limit`.
    """
    shown = summary.ordered[: max(limit, len(summary.front))]
    unit, against = summary.macs_unit, f"against {summary.reference_name}"
    return Sheet(
        title=f"{summary.meta.name}: validation top-1 over {unit.label}",
        columns=("trial", "state", "epochs", "top-1", unit.name, "M params", against),
        rows=tuple(_cells(summary, row) for row in shown),
        text=frozenset({"state", against}),
        optional=("epochs", "M params"),
        caption=_caption(summary, len(summary.rows) - len(shown)),
        styles=tuple(_STYLES.get(row.kind, "") for row in shown),
    )


def _caption(summary: Summary, left_out: int) -> str:
    more = f" {left_out} more in summary.csv." if left_out else ""
    marks = f" {summary.counting}." if summary.counting else ""
    return f"* on the frontier. {summary.standing}{_confounded(summary)}{more}{marks}"


def _confounded(summary: Summary) -> str:
    """Say why the scores are not those of the networks alone; empty if they are."""
    if not summary.confounders:
        return ""
    return f" Not comparable by network alone: trials differ in {', '.join(summary.confounders)}."


def _cells(summary: Summary, row: Row) -> tuple[str, ...]:
    return (
        f"{row.number}{'*' if row.on_front else ' '}",
        "winner" if row.is_winner else row.state,
        str(row.epochs),
        fixed(row.top1, summary.percent_decimals),
        summary.macs(row),
        fixed(row.params / 1e6, summary.mparams_decimals),
        _changes(row),
    )


def _changes(row: Row) -> str:
    if row.is_base:
        return "base"
    if row.number == 0:
        return "nearest to the base"
    return ", ".join(map(str, row.changes)) or UNKNOWN
