"""Tables as lines of text that fit a width, without shortening any cell.

Three ways are tried in turn. First, text columns wrap between words. Second, optional columns are
left out and named in a note. Third, each row is printed as lines of `column: cell`; a word that is
wider than the screen runs over its edge.

Columns start at their natural width and shrink, the widest first, down to their least width: the
longest word, and for a text column at least `LEAST_TEXT` unless its text is narrower. For example,
natural widths 40 and 10 with a gap of 2 on a screen of 42 columns become 30 and 10.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from rich.cells import cell_len

LEAST_TEXT = 14
"""Least width of a text column, in characters, unless its text is narrower."""
_GAPS = (2, 1)


@dataclass(frozen=True)
class Line:
    """A line and its style: `bold`, `dim`, `red`, `cyan` or nothing."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Grid:
    """A table as plain data.

    Attributes:
        columns: Headings of the columns.
        rows: Cells as text, at most one per column.
        text: Indices of the columns that hold text, which may wrap; the others hold numbers.
        title: Line above the table.
        total: Last row, below a rule.
        optional: Names of the columns that may be left out, the first one first.
        styles: Style of each row; empty for no styles.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    text: frozenset[int] = frozenset({0})
    title: str = ""
    total: Sequence[str] = ()
    optional: Sequence[str] = ()
    styles: Sequence[str] = field(default=())


def lines(grid: Grid, width: int | None) -> list[Line]:
    """Lay out the table.

    Args:
        grid: The table.
        width: Width of the screen in characters; None for no limit.
    """
    shown = list(range(len(grid.columns)))
    for name in (None, *grid.optional):
        shown = [index for index in shown if grid.columns[index] != name]
        for gap in _GAPS:
            widths = _widths(grid, shown, gap, width)
            if widths is not None:
                above = _title(grid, width)
                return [*above, *_across(grid, shown, widths, gap), *_note(grid, shown, width)]
    return _upright(grid, width or 0)


def wrapped(text: str, width: int) -> list[str]:
    """Break text between words, keeping its indentation; a word wider than `width` stays whole."""
    found: list[str] = []
    for paragraph in text.split("\n"):
        if cell_len(paragraph) <= width:
            found.append(paragraph)
            continue
        indent = paragraph[: len(paragraph) - len(paragraph.lstrip())]
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else indent + word
            if line and cell_len(longer) > width:
                found.append(line)
                longer = indent + word
            line = longer
        found.append(line)
    return found


def _widths(grid: Grid, shown: list[int], gap: int, width: int | None) -> list[int] | None:
    """Return a width for each column, or None if they do not fit."""
    ends = [_ends(grid, index) for index in shown]
    least, widths = [low for low, _ in ends], [high for _, high in ends]
    if width is None:
        return widths
    room = width - gap * (len(shown) - 1)
    if sum(least) > room:
        return None
    while sum(widths) > room:
        spare = [high - low for low, high in zip(least, widths, strict=True)]
        widest = max(range(len(widths)), key=lambda place: (spare[place] > 0, widths[place]))
        widths[widest] -= 1
    return widths


def _ends(grid: Grid, index: int) -> tuple[int, int]:
    """Return the least and the natural width of a column."""
    cells = [row[index] for row in (*grid.rows, grid.total) if index < len(row)]
    head = grid.columns[index]
    natural = max(cell_len(part) for cell in (head, *cells) for part in cell.split("\n"))
    wraps = [head, *cells] if index in grid.text else [head]
    words = max((cell_len(line) for cell in wraps for line in wrapped(cell, 1)), default=0)
    if index in grid.text:
        return max(words, min(natural, LEAST_TEXT)), natural
    numbers = max((cell_len(part) for cell in cells for part in cell.split("\n")), default=0)
    return max(words, numbers), natural


def _across(grid: Grid, shown: list[int], widths: list[int], gap: int) -> list[Line]:
    def made(cells: Sequence[str], style: str = "") -> Iterable[Line]:
        parts = [
            wrapped(cells[index], width) if index < len(cells) else [""]
            for index, width in zip(shown, widths, strict=True)
        ]
        for pieces in zip_longest(*parts, fillvalue=""):
            padded = [
                _padded(piece, width, left=index in grid.text)
                for piece, index, width in zip(pieces, shown, widths, strict=True)
            ]
            yield Line((" " * gap).join(padded).rstrip(), style)

    rule = Line("─" * (sum(widths) + gap * (len(widths) - 1)))
    found = [*made([*grid.columns]), rule]
    for row, style in zip_longest(grid.rows, grid.styles[: len(grid.rows)], fillvalue=""):
        found += made(row, str(style))
    if grid.total:
        found += [rule, *made(grid.total, "bold")]
    return found


def _padded(text: str, width: int, *, left: bool) -> str:
    space = " " * max(width - cell_len(text), 0)
    return text + space if left else space + text


def _title(grid: Grid, width: int | None) -> list[Line]:
    if not grid.title:
        return []
    parts = [grid.title] if width is None else wrapped(grid.title, width)
    return [Line(part, "bold") for part in parts]


def _note(grid: Grid, shown: list[int], width: int | None) -> list[Line]:
    absent = [name for index, name in enumerate(grid.columns) if index not in shown]
    if not absent:
        return []
    said = f"left out, as they do not fit into {width} columns: {', '.join(absent)}"
    return [Line(part) for part in wrapped(said, width or 0)]


def _upright(grid: Grid, width: int) -> list[Line]:
    """Lay out each row as one line per non-empty cell, with a blank line between rows."""
    found = _title(grid, width)
    rows = [*zip_longest(grid.rows, grid.styles[: len(grid.rows)], fillvalue="")]
    if grid.total:
        rows.append((grid.total, "bold"))
    for number, (row, style) in enumerate(rows):
        if number:
            found.append(Line(""))
        for name, cell in zip(grid.columns, row, strict=False):
            if cell.strip():
                said = f"{name}: {cell}".replace("\n", "\n  ")
                found += [Line(part, str(style)) for part in wrapped(said, width)]
    return found
