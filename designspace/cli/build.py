"""`designspace build`: the network as a torch module, run once and written if asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    from designspace.weights import Loaded


def build(
    spec: SpecArgument,
    changes: SetOption = None,
    input_size: InputSizeOption = None,
    in_channels: ChannelsOption = 3,
    num_classes: ClassesOption = 1000,
    out: Annotated[
        Path | None, typer.Option(help="Write weights and spec here, as safetensors.")
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="Load these: a safetensors or .pth file, ours, timm's or the authors', or "
            "timm:NAME[.TAG]."
        ),
    ] = None,
    layout: Annotated[
        str, typer.Option(help="Names to write weights under: designspace, timm or official.")
    ] = "designspace",
    seed: Annotated[int, typer.Option(help="Seed of the initial weights.")] = 0,
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
    from designspace.weights import load_weights, save_weights

    torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]
    model = build_module(
        network, num_classes=num_classes, in_channels=in_channels, input_size=input_size
    ).eval()
    loaded = load_weights(model, weights, classifier="replace") if weights else None
    height, width, _ = table.input.shape
    with torch.inference_mode():
        output = model(torch.randn(1, in_channels, height, width))
    built = sum(parameter.numel() for parameter in model.parameters())
    assert built == table.params, f"{built} parameters built, {table.params} counted"
    if out:
        task = {"num_classes": num_classes, "in_channels": in_channels}
        from_where = _origin(loaded, input_size) if loaded else {}
        save_weights(model, network, out, layout=layout, **task, **from_where)
    facts = {"name": network.name, "digest": network.digest, "output": list(output.shape)}
    if as_json:
        told = {"loaded": str(loaded) if loaded else None, "weights": str(out) if out else None}
        print_json(facts | told | {"cost": cost_json(table)})
        return

    from designspace.cli.cost import print_cost

    print_cost(table, network.name)
    typer.echo(
        f"{table.params:,} params, {table.macs / 1e9:.4f} GMACs; "
        f"ran once: logits {tuple(output.shape)}; digest {network.digest}"
    )
    if loaded:
        typer.echo(f"{loaded.source}: {loaded}")
    if out:
        typer.echo(f"weights and spec: {out}")


def _origin(loaded: Loaded, input_size: int | None) -> dict[str, Any]:
    """What to keep beside weights that came from elsewhere."""
    known = loaded.preprocessing
    return {"from": loaded.source} | ({"input": known.at(input_size).facts()} if known else {})
