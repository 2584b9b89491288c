"""Printing: tables for people, JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from designspace.costing import CostTable

MACS_NOTE = "GMACs are 1e9 multiply-adds, which papers call FLOPs"
_MANY = 8


def print_json(data: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(data, indent=2) + "\n")


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str = "",
    text_columns: int = 1,
    total: Sequence[str] = (),
    tight: bool = False,
    last_is_text: bool = False,
) -> None:
    """A table on standard output.

    Args:
        columns: The head.
        rows: Cells as text.
        title: What stands above it.
        text_columns: So many columns from the left are text; the others are numbers.
        total: A last row, set apart.
        tight: Columns close together, as they are where there are many.
        last_is_text: The last column is text too, and is folded where it is long.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    space = 0 if tight or len(columns) > _MANY else 1  # wide tables still fit into 80 columns
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, space), title_justify="left")
    table.title = Text(title, style="bold") if title else None
    for index, column in enumerate(columns):
        is_text = index < text_columns or (last_is_text and index == len(columns) - 1)
        table.add_column(column, justify="left" if is_text else "right", no_wrap=not is_text)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    if total:
        table.add_section()
        table.add_row(*(Text(cell, style="bold") for cell in total))
    Console().print(table)


def cost_json(table: CostTable) -> dict[str, Any]:
    """A cost table as plain data, in whole numbers."""
    return {
        "input": list(table.input.shape),
        "params": table.params,
        "macs": table.macs,
        "acts": table.acts,
        "spatial_macs": table.total.spatial,
        "channel_macs": table.total.channel,
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
            }
            for stage in table.stages
        ],
    }


def percent(part: int, whole: int) -> str:
    """A share in percent; a dash where there is nothing to share."""
    return f"{100 * part / whole:.1f}%" if whole else "-"


def gmacs(macs: int) -> str:
    """Multiply-adds in 1e9, to four digits after the point."""
    return f"{macs / 1e9:.4f}"


def resolution(size: tuple[int, ...]) -> str:
    """`56x56`, `197` for tokens, a dash for a single vector."""
    return "x".join(str(side) for side in size) or "-"
