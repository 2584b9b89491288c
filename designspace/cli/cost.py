"""`designspace cost`: parameters, multiply-adds and activations, without building anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from designspace.cli.options import (
    ChannelsOption,
    ClassesOption,
    InputSizeOption,
    JsonOption,
    SetOption,
    SpecArgument,
)

if TYPE_CHECKING:
    from designspace.costing import CostTable


def cost(
    spec: SpecArgument,
    changes: SetOption = None,
    input_size: InputSizeOption = None,
    in_channels: ChannelsOption = 3,
    num_classes: ClassesOption = 1000,
    as_json: JsonOption = False,
) -> None:
    """Show what a network costs, a stage at a time."""
    from designspace.cli.show import cost_json, print_json
    from designspace.costing import cost as cost_of
    from designspace.spec import load
    from designspace.spec.changes import parse_set

    network = load(spec, parse_set(changes or []))
    table = cost_of(network, input_size, in_channels=in_channels, num_classes=num_classes)
    if as_json:
        print_json({"name": network.name, "digest": network.digest, **cost_json(table)})
    else:
        print_cost(table, network.name)


def print_cost(table: CostTable, name: str) -> None:
    """The table for people."""
    from designspace.cli.show import MACS_NOTE, gmacs, percent, print_table, resolution

    rows = [
        [
            stage.name,
            resolution(stage.output.size),
            str(stage.output.channels),
            str(stage.depth or "-"),
            f"{stage.cost.params:,}",
            gmacs(stage.cost.macs),
            percent(stage.cost.macs, table.macs),
            percent(stage.cost.spatial, stage.cost.macs),
            percent(stage.cost.channel, stage.cost.macs),
            f"{stage.cost.acts / 1e6:.3f}",
        ]
        for stage in table.stages
    ]
    total = ["total", "", "", "", f"{table.params:,}", gmacs(table.macs), "100.0%"]
    total += [percent(table.total.spatial, table.macs), percent(table.total.channel, table.macs)]
    total.append(f"{table.acts / 1e6:.3f}")
    columns = ["part", "output", "width", "depth", "params", "GMACs", "share", "spatial", "channel"]
    height, width, channels = table.input.shape
    title = f"{name} at {height}x{width}x{channels}"
    print_table([*columns, "acts (M)"], rows, title=title, total=total)
    typer.echo(f"{MACS_NOTE}; spatial mixes positions, channel does not")
