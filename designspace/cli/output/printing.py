"""Printing: tables for people, JSON for machines."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from textwrap import TextWrapper
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from designspace.costing import CostTable

PAGE = 80
"""Width of paragraphs in a pipe, in characters."""
_NARROW = 20
_CODES = {"bold": 1, "dim": 2, "red": 31, "cyan": 36}


def print_json(data: Any) -> None:
    """Print one JSON document; a number that is not finite becomes null."""
    sys.stdout.write(json.dumps(_finite(data), indent=2, allow_nan=False) + "\n")


def _finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {key: _finite(value) for key, value in cast("Mapping[Any, Any]", data).items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in cast("Sequence[Any]", data)]
    return data


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str = "",
    text: Collection[str] | None = None,
    total: Sequence[str] = (),
    optional: Sequence[str] = (),
    styles: Sequence[str] = (),
) -> None:
    """Print a table that fits the terminal, without shortening any cell; see `layout`.

    Args:
        columns: Headings of the columns.
        rows: Cells as text.
        title: Line above the table.
        text: Columns that hold text; the others hold numbers. None for the first column only.
        total: Last row, below a rule.
        optional: Columns that may be left out if there is no room, the first one first.
        styles: Style of each row on a terminal: `bold`, `dim`, `red`, `cyan` or nothing.
    """
    from designspace.cli.output.layout import Grid, lines

    names = columns[:1] if text is None else text
    places = frozenset(index for index, name in enumerate(columns) if name in names)
    grid = Grid(columns, rows, places, title, total, optional, styles)
    for line in lines(grid, screen_width()):
        sys.stdout.write(_styled(line.text, line.style) + "\n")
    sys.stdout.write("\n")


def screen_width() -> int | None:
    """Return the width of the terminal, or `COLUMNS`, in characters; None for a pipe."""
    if (given := os.environ.get("COLUMNS", "")).isdecimal() and int(given):
        return int(given)
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def print_wrapped(sentences: Iterable[str], *, in_pipe: int | None = None) -> None:
    """Print each sentence on its own line, wrapped between words.

    Args:
        sentences: The sentences.
        in_pipe: Width in characters if there is no screen; None for no wrapping.
    """
    width = screen_width() or in_pipe
    for sentence in sentences:
        if width is None:
            sys.stdout.write(sentence + "\n")
            continue
        wrap = TextWrapper(width, subsequent_indent="  " * (width > _NARROW))
        wrap.break_long_words = wrap.break_on_hyphens = False
        sys.stdout.write(wrap.fill(sentence) + "\n")


def _styled(text: str, style: str) -> str:
    if style not in _CODES or not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{_CODES[style]}m{text}\033[0m"


def cost_json(table: CostTable) -> dict[str, Any]:
    """Return a cost table as plain data in whole numbers."""
    return {
        "input": list(table.input.shape),
        "params": table.params,
        "macs": table.macs,
        "acts": table.acts,
        "spatial_macs": table.total.spatial,
        "channel_macs": table.total.channel,
        "counted_by_torch": table.by_torch,
        "stages": [
            {
                "name": stage.name,
                "output": list(stage.output.shape),
                "depth": stage.depth,
                "params": stage.cost.params,
                "macs": stage.cost.macs,
                "acts": stage.cost.acts,
                "spatial_macs": stage.cost.spatial,
                "channel_macs": stage.cost.channel,
                "counted_by_torch": stage.by_torch,
            }
            for stage in table.stages
        ],
    }


def percent(part: int, whole: int) -> str:
    """Format a share in percent; a dash if the whole is zero."""
    return f"{100 * part / whole:.1f}%" if whole else "-"


def resolution(size: tuple[int, ...]) -> str:
    """Format a size: `56x56`, `197` for tokens, a dash for a single vector."""
    return "x".join(str(side) for side in size) or "-"
