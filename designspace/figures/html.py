"""Tables and pages for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_MOST = 40  # rows of a table; a notebook cell is not a report


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], note: str = "") -> str:
    """Return a table as HTML; numbers that are given as text stay as they are.

    Args:
        columns: Titles of the columns.
        rows: Cells per row; at most 40 rows are shown, with the number of further rows below.
        note: Text below the table.
    """
    head = "".join(f'<th style="text-align:left">{escape(name)}</th>' for name in columns)
    lines = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows[:_MOST])
    more = [f"{len(rows) - _MOST:,} more rows"] if len(rows) > _MOST else []
    below = "; ".join([*more, *([note] if note else [])])
    caption = f"<p>{escape(below)}</p>" if below else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>{caption}"


def _cell(cell: object) -> str:
    text = str(cell)
    side = "right" if text[:1].isdigit() and text[-1:].isdigit() else "left"
    return f'<td style="text-align:{side}">{escape(text)}</td>'


def page(title: str, *parts: str) -> str:
    """Return HTML with a title above pictures and tables."""
    return f"<div><p><b>{escape(title)}</b></p>{''.join(parts)}</div>"
