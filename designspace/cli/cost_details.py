"""Details that `designspace cost` shows on request: blocks and layers, memory, other counters."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

import typer

from designspace.cli.output.printing import percent, print_table, print_wrapped, resolution
from designspace.costing import BY_TORCH, DAGGER
from designspace.reporting.drawing.numbers import MacsUnit, macs_unit

if TYPE_CHECKING:
    from designspace.costing import CostTable, Memory, Row
    from designspace.costing.memory import Holding
    from designspace.layers.cost import Level
    from designspace.spec.network.network import Network
    from designspace.verification.compare import Comparison, Other

_MIB = 2**20


def compared(network: Network, input_size: int | None, task: Mapping[str, int]) -> Comparison:
    """Count the network with other counters; imports torch."""
    from designspace.verification.compare import compare

    return compare(network, input_size, **task)


def as_json(
    table: CostTable, by: Level, held: Memory | None, comparison: Comparison | None
) -> dict[str, Any]:
    """Return the requested details as plain data in whole numbers."""
    said: dict[str, Any] = {}
    if by != "stage":
        said["by"] = by
        said["rows"] = [row.plain for row in table.rows(by)]
    if held:
        said["memory"] = {
            "batch_size": held.batch_size,
            "precision": held.precision,
            "peak_bytes": held.peak,
            "most_bytes": _purposes(held.most),
            "at_peak_bytes": _purposes(held.at_peak),
        }
    if comparison:
        said["check"] = {"params": comparison.params} | {
            other.name: {
                "macs": other.macs,
                "unexplained": other.unexplained,
                "differences": [
                    {"operator": each.operator, "macs": each.macs, "reason": each.reason}
                    for each in other.differences
                ],
            }
            for other in comparison.others
        }
    return said


def print_rows(table: CostTable, name: str, by: Level) -> None:
    """Print the cost by block or layer; a row for several blocks has the cost of all of them."""
    rows, unit = list[list[str]](), macs_unit([table.macs])
    for piece, group in groupby(table.rows(by), lambda row: (row.piece, row.times)):
        head = f"{piece[0]} (x{piece[1]})" if piece[1] > 1 else piece[0]
        if by == "layer":
            rows.append([head, *[""] * 7])
        rows += [
            _cells(row, table.macs, unit, f" {row.layer}" if row.layer else head) for row in group
        ]
    columns = [by, "kind", "output", "width", "params", unit.name, "share", "acts (M)"]
    total = ["total", "", "", "", f"{table.params:,}", unit.cell(table.macs), "100.0%"]
    height, width, channels = table.input.shape
    title = f"{name} at {height}x{width}x{channels}"
    total.append(f"{table.acts / 1e6:.3f}")
    optional = ["acts (M)", "width", "share", "kind"]
    print_table(columns, rows, title=title, text=columns[:2], total=total, optional=optional)
    note = f"{unit.note}; a row of several blocks shows their total cost"
    print_wrapped([note, *([BY_TORCH] if table.by_torch else [])])


def _cells(row: Row, macs: int, unit: MacsUnit, name: str) -> list[str]:
    return [
        name + DAGGER * row.by_torch,
        row.kind,
        resolution(row.output.size),
        str(row.output.channels),
        f"{row.cost.params:,}",
        unit.cell(row.cost.macs),
        percent(row.cost.macs, macs),
        f"{row.cost.acts / 1e6:.3f}",
    ]


def print_memory(held: Memory) -> None:
    """Print the memory that a training step holds, by purpose."""
    most, at_peak = _purposes(held.most), _purposes(held.at_peak)
    rows = [[what, _mib(most[what]), _mib(at_peak[what])] for what in most]
    title = f"a training step with AdamW, batch {held.batch_size}, {held.precision}"
    columns, total = ["memory", "most (MiB)", "at the peak"], ["total", "", _mib(held.peak)]
    print_table(columns, rows, title=title, total=total)
    typer.echo(
        "an estimate: excludes allocator fragmentation, kernel workspace and the CUDA context"
    )


def print_comparison(comparison: Comparison) -> None:
    """Print the multiply-adds by us, torch and fvcore, and one line per difference."""
    ours = comparison.ours
    rows = [["ours", f"{ours.params:,}", f"{ours.macs:,}", "-"]]
    params = f"{comparison.params:,}"
    for other in comparison.others:
        rows.append([other.name, params, f"{other.macs:,}", f"{other.macs - ours.macs:+,}"])
    print_table(["counter", "params", "MACs", "more than ours"], rows, title="counted by others")
    for other in comparison.others:
        for line in _lines(other, ours):
            typer.echo(line)
    typer.echo("torch counts two for each multiply-add: halved here")


def _lines(other: Other, ours: CostTable) -> list[str]:
    from designspace.verification.compare import from_plugins

    left = [each for each in other.differences if each.reason is None]
    if left and not other.unexplained and from_plugins(ours):
        explained = [each for each in other.differences if each.reason is not None]
        agrees = "counts the same" if not explained else "agrees apart from these differences"
        return [
            *(f"{each.reason}: {each.macs / 1e6:+,.1f} M" for each in explained),
            f"{other.name} {agrees}; its split by operator differs because of layers from plug-ins",
        ]
    lines = [
        f"{each.reason or f'unexplained: {other.name}, {each.operator}'}: {each.macs / 1e6:+,.1f} M"
        for each in other.differences
    ]
    return lines or [f"{other.name} counts the same"]


def _purposes(holding: Holding) -> dict[str, int]:
    return {
        "parameters": holding.parameters,
        "gradients": holding.gradients,
        "optimizer": holding.optimizer,
        "activations": holding.activations,
        "workspace": holding.workspace,
    }


def _mib(size: int) -> str:
    return f"{size / _MIB:,.1f}"
