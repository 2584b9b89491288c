"""`designspace build`: the network as a torch module, run once, and saved if asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from designspace.cli.options import (
    JsonOption,
    NetworkWeightsOption,
    SeedOption,
    SetOption,
    SpecArgument,
    TrainedChannelsOption,
    TrainedClassesOption,
    TrainedSizeOption,
)

if TYPE_CHECKING:
    from designspace.exporting.ready import Ready


def build(
    spec: SpecArgument,
    changes: SetOption = None,
    input_size: TrainedSizeOption = None,
    in_channels: TrainedChannelsOption = None,
    num_classes: TrainedClassesOption = None,
    weights: NetworkWeightsOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Write weights and spec to this file, as safetensors.")
    ] = None,
    layout: Annotated[
        str, typer.Option(help="Names to write weights under: designspace, timm or official.")
    ] = "designspace",
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Build a network, with its trained weights where it has some, and run it once."""
    from designspace.cli import networks
    from designspace.cli.show import cost_json, print_json
    from designspace.exporting.ready import ready

    named = networks.find(spec, changes, quiet=as_json)
    if weights and not as_json:
        networks.tell_weights(weights)
    found = ready(
        named,
        weights=weights,
        num_classes=num_classes,
        in_channels=in_channels,
        input_size=input_size,
        seed=seed,
    )
    shape = _run(found)
    if out:
        from designspace.records.places import require_outside_trials
        from designspace.weights import save_weights

        require_outside_trials(out)
        save_weights(found.model, named.spec, out, layout=layout, **found.facts)
    if as_json:
        said = {"name": named.spec.name, "digest": named.spec.digest, "output": shape}
        said |= {"named": networks.as_json(named)}
        said |= {"loaded": str(found.loaded) if found.loaded else None}
        said |= {"weights": str(out) if out else None}
        print_json(said | {"cost": cost_json(found.table)})
        return
    _print(found, shape, out, seed)


def _run(found: Ready) -> list[int]:
    """Run the module once on noise; return the shape of its output."""
    import torch

    built = sum(parameter.numel() for parameter in found.model.parameters())
    assert built == found.table.params, f"{built} parameters built, {found.table.params} counted"
    with torch.inference_mode():
        return list(found.model(torch.randn(1, *found.shape)).shape)


def _print(found: Ready, shape: list[int], out: Path | None, seed: int) -> None:
    from designspace.cli.cost import print_cost

    table, named = found.table, found.named
    print_cost(table, named.title)
    typer.echo(
        f"{table.params:,} params, {table.macs / 1e9:.4f} GMACs; "
        f"ran once: logits {tuple(shape)}; digest {named.spec.digest}"
    )
    typer.echo(weights_line(found, seed))
    if out:
        typer.echo(f"weights and spec: {out}")


def weights_line(found: Ready, seed: int) -> str:
    """Return which weights the network has, and why they are initial ones where they are."""
    if found.loaded:
        return f"{found.loaded.source}: {found.loaded}"
    why = f", because {found.reason}" if found.named.sort in ("run", "trial") else ""
    return f"the weights are initial ones (seed {seed}){why}; --weights takes trained ones"
