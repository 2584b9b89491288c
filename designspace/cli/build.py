"""`designspace build`: the network as a torch module, run once and written if asked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from designspace.cli.options import (
    ChannelsOption,
    ClassesOption,
    InputSizeOption,
    JsonOption,
    SetOption,
    SpecArgument,
)


def build(
    spec: SpecArgument,
    changes: SetOption = None,
    input_size: InputSizeOption = None,
    in_channels: ChannelsOption = 3,
    num_classes: ClassesOption = 1000,
    out: Annotated[
        Path | None, typer.Option(help="Write weights and spec here, as safetensors.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**63 - 1, help="Seed of the initial weights.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Build a network, run it once, and show its parts."""
    from designspace.cli.show import cost_json, print_json
    from designspace.costing import cost as cost_of
    from designspace.spec import load
    from designspace.spec.changes import parse_set

    network = load(spec, parse_set(changes or []))
    table = cost_of(network, input_size, in_channels=in_channels, num_classes=num_classes)

    import torch

    from designspace.compiler import build as build_module
    from designspace.weights import save_weights

    torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]
    model = build_module(
        network, num_classes=num_classes, in_channels=in_channels, input_size=input_size
    ).eval()
    height, width, _ = table.input.shape
    with torch.inference_mode():
        output = model(torch.randn(1, in_channels, height, width))
    built = sum(parameter.numel() for parameter in model.parameters())
    assert built == table.params, f"{built} parameters built, {table.params} counted"
    if out:
        save_weights(model, network, out, num_classes=num_classes, in_channels=in_channels)
    facts = {"name": network.name, "digest": network.digest, "output": list(output.shape)}
    if as_json:
        print_json(facts | {"weights": str(out) if out else None} | {"cost": cost_json(table)})
        return

    from designspace.cli.cost import print_cost

    print_cost(table, network.name)
    typer.echo(
        f"{table.params:,} params, {table.macs / 1e9:.4f} GMACs; "
        f"ran once: logits {tuple(output.shape)}; digest {network.digest}"
    )
    if out:
        typer.echo(f"weights and spec: {out}")
