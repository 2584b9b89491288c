"""The report's table for a terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from designspace.report.numbers import UNKNOWN, fixed
from designspace.report.rows import Row
from designspace.report.summary import Summary

_STYLES = {"front": "bold", "done": "", "stopped": "dim", "failed": "red", "running": "cyan"}


def table(summary: Summary, limit: int = 20) -> Table:
    """The front first, then the others; at most `limit` rows, and how many were left out."""
    shown = summary.ordered[: max(limit, len(summary.front))]
    left_out = len(summary.rows) - len(shown)
    grid = Table(
        title=Text(f"{summary.meta.name}: validation top-1 over GMACs (papers: FLOPs)"),
        caption=Text(_caption(summary, left_out)),
        title_justify="left",
        caption_justify="left",
        box=None,
        pad_edge=False,
    )
    for heading in ("trial", "state", "epochs", "top-1", "GMACs", "M params"):
        grid.add_column(heading, justify="left" if heading == "state" else "right", no_wrap=True)
    grid.add_column("against the base", ratio=1)
    for row in shown:
        grid.add_row(*_cells(summary, row), style=_STYLES.get(row.kind, ""))
    return grid


def _caption(summary: Summary, left_out: int) -> str:
    more = f" {left_out} more in summary.csv." if left_out else ""
    return f"* on the frontier. {summary.standing}{_confounded(summary)}{more}"


def _confounded(summary: Summary) -> str:
    """What keeps the scores from being those of the networks alone."""
    if not summary.confounders:
        return ""
    return f" Not comparable by network alone: trials differ in {', '.join(summary.confounders)}."


def _cells(summary: Summary, row: Row) -> list[Text]:
    words = [
        f"{row.number}{'*' if row.on_front else ' '}",
        "winner" if row.is_winner else row.state,
        str(row.epochs),
        fixed(row.top1, summary.percent_decimals),
        fixed(row.gmacs, summary.gmacs_decimals),
        fixed(row.params / 1e6, summary.mparams_decimals),
        "base" if row.is_base else ", ".join(map(str, row.changes)) or UNKNOWN,
    ]
    # Text, not markup: a label such as [bold] is shown, not obeyed.
    return [Text(word) for word in words]
