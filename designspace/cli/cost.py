"""`designspace cost`: parameters, multiply-adds and activations, without building anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from designspace.cli.input.options import (
    JsonOption,
    SetOption,
    SpecArgument,
    TrainedChannelsOption,
    TrainedClassesOption,
    TrainedSizeOption,
)
from designspace.errors import InputError
from designspace.layers.bounds import WIDEST
from designspace.layers.cost import Level
from designspace.layers.saved_tensors import Precision

if TYPE_CHECKING:
    from designspace.costing import CostTable


def cost(
    spec: SpecArgument,
    changes: SetOption = None,
    input_size: TrainedSizeOption = None,
    in_channels: TrainedChannelsOption = None,
    num_classes: TrainedClassesOption = None,
    by: Annotated[Level, typer.Option(help="Part of the network that one row covers.")] = "stage",
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=WIDEST,
            help="Also show the memory of a training step with AdamW at this batch size.",
        ),
    ] = None,
    precision: Annotated[
        Precision | None,
        typer.Option(
            help="Precision of that step (default: float32); bf16 is automatic mixed precision."
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Also show torch's and fvcore's counts, and why they differ."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what a network costs, by stage, block or layer."""
    from designspace.cli import cost_details as details
    from designspace.cli.input import networks
    from designspace.cli.output.printing import cost_json, print_json
    from designspace.costing import cost as cost_of
    from designspace.costing import memory
    from designspace.naming import task_of

    if precision and batch_size is None:
        raise InputError("--precision applies to a training step", hint="add --batch-size")
    named = networks.find(spec, changes, quiet=as_json)
    known = task_of(named, num_classes, in_channels, input_size)
    network, input_size = named.spec, known.input_size
    task = {"in_channels": known.in_channels, "num_classes": known.num_classes}
    table = cost_of(network, input_size, **task)
    held = None
    if batch_size:
        held = memory(
            network, input_size, batch_size=batch_size, precision=precision or "float32", **task
        )
    compared = details.compared(network, input_size, task) if check else None
    if as_json:
        said = {"name": network.name, "digest": network.digest, "named": networks.as_json(named)}
        said |= cost_json(table)
        print_json(said | details.as_json(table, by, held, compared))
        return
    if by == "stage":
        print_cost(table, named.title)
    else:
        details.print_rows(table, named.title, by)
    if held:
        details.print_memory(held)
    if line := networks.task_line(named, known):
        typer.echo(line)
    if compared:
        details.print_comparison(compared)


def print_cost(table: CostTable, name: str) -> None:
    """Print the costs by stage as a table."""
    from designspace.cli.output.printing import percent, print_table, print_wrapped, resolution
    from designspace.costing import BY_TORCH, DAGGER
    from designspace.reporting.drawing.numbers import macs_unit

    unit = macs_unit([table.macs])

    rows = [
        [
            stage.name + DAGGER * stage.by_torch,
            resolution(stage.output.size),
            str(stage.output.channels),
            str(stage.depth or "-"),
            f"{stage.cost.params:,}",
            unit.cell(stage.cost.macs),
            percent(stage.cost.macs, table.macs),
            percent(stage.cost.spatial, stage.cost.macs),
            percent(stage.cost.channel, stage.cost.macs),
            f"{stage.cost.acts / 1e6:.3f}",
        ]
        for stage in table.stages
    ]
    total = ["total", "", "", "", f"{table.params:,}", unit.cell(table.macs), "100.0%"]
    total += [percent(table.total.spatial, table.macs), percent(table.total.channel, table.macs)]
    total.append(f"{table.acts / 1e6:.3f}")
    columns = ["part", "output", "width", "depth", "params", unit.name]
    columns += ["share", "spatial", "channel", "acts (M)"]
    height, width, channels = table.input.shape
    title = f"{name} at {height}x{width}x{channels}"
    optional = ["channel", "spatial", "depth", "share", "acts (M)", "width"]
    print_table(columns, rows, title=title, total=total, optional=optional)
    note = f"{unit.note}; spatial mixes positions, channel does not"
    print_wrapped([note, *([BY_TORCH] if table.by_torch else [])])
