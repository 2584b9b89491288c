"""Tables as CSV that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@")
_QUOTE = "'"


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a header and rows as CSV; None becomes an empty cell.

    Names and errors come from files of any origin, and a spreadsheet runs a cell that begins with
    `=`, `+`, `-` or `@` as a formula. Such text gets an apostrophe in front. Numbers stay numbers,
    also if they are given as text.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(name) for name in head])
    for row in rows:
        writer.writerow(["" if cell is None else _cell(cell) for cell in row])
    return out.getvalue()


def neutral(text: str) -> str:
    """Return the text, with an apostrophe in front if a spreadsheet would run it as a formula."""
    runs = text.lstrip().startswith(_FORMULA) and not _is_number(text)
    return _QUOTE + text if runs else text


def plain(text: str) -> str:
    """Return the text without the apostrophe that `neutral` added."""
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
