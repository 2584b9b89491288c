"""Tables as CSV that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@")
_QUOTE = "'"


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A header and rows; None is an empty cell.

    Names and errors come from files of any origin, and a spreadsheet runs a cell that begins with
    `=`, `+`, `-` or `@` as a formula: such a text begins with an apostrophe here. Numbers stay
    numbers, also where they stand as text.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(name) for name in head])
    for row in rows:
        writer.writerow(["" if cell is None else _cell(cell) for cell in row])
    return out.getvalue()


def neutral(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would run."""
    runs = text.lstrip().startswith(_FORMULA) and not _is_number(text)
    return _QUOTE + text if runs else text


def plain(text: str) -> str:
    """The text before `neutral`."""
    inner = text.removeprefix(_QUOTE)
    return inner if inner != text and neutral(inner) == text else text


def _cell(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    return neutral("\n".join(cell.splitlines()))  # a bare carriage return would end the row


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
