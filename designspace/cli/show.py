"""Printing: tables for people, JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from designspace.cost import CostTable

GMACS = "GMACs (papers: FLOPs)"


def print_json(data: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(data, indent=2) + "\n")


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str = "",
    last_is_total: bool = False,
) -> None:
    """A table; the first column is text, the others are numbers on the right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title, style="bold") if title else None, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
    for index, row in enumerate(rows):
        if last_is_total and index == len(rows) - 1:
            table.add_section()
        table.add_row(*(Text(cell) for cell in row))
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
