"""`designspace build`: build the network as a torch module, run it, and save it on request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from designspace.cli.input.options import (
    JsonOption,
    NetworkWeightsOption,
    SeedOption,
    SetOption,
    SpecArgument,
    TrainedChannelsOption,
    TrainedClassesOption,
    TrainedSizeOption,
)
from designspace.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from designspace.exporting.ready import Ready

_BATCH = 2  # more than one image, to reveal errors in the batch axis


def build(
    spec: SpecArgument,
    changes: SetOption = None,
    input_size: TrainedSizeOption = None,
    in_channels: TrainedChannelsOption = None,
    num_classes: TrainedClassesOption = None,
    weights: NetworkWeightsOption = None,
    out: Annotated[
        Path | None, typer.Option(help="A .safetensors file for the weights and the spec.")
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(
            help="Naming of the weights in --out: designspace, timm, torchvision or official "
            "(default: designspace)."
        ),
    ] = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Build a network, load its trained weights if it has any, and run it on two images."""
    from designspace.cli.input import networks
    from designspace.cli.output.printing import cost_json, print_json
    from designspace.exporting.ready import ready
    from designspace.records.places import require_outside_trials

    _check_layout(layout, out)
    if out:
        from designspace.weights.saving import require_weights_name

        require_outside_trials(out)
        require_weights_name(out)
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
        from designspace.weights import save_weights

        save_weights(found.model, named.spec, out, layout=layout or "designspace", **found.facts)
    if as_json:
        said = {"name": named.spec.name, "digest": named.spec.digest, "output": shape}
        said |= {"named": networks.as_json(named)}
        said |= {"loaded": str(found.loaded) if found.loaded else None}
        said |= {"weights": str(out) if out else None}
        print_json(said | {"cost": cost_json(found.table)})
        return
    _print(found, shape, out, seed)


def _check_layout(layout: str | None, out: Path | None) -> None:
    """Refuse an unknown layout, and a layout without `--out`.

    Raises:
        InputError: The layout is unknown, or `--out` is missing.
    """
    from typing import get_args

    from designspace.weights.layout import Origin

    known = get_args(Origin)
    if layout is not None and layout not in known:
        hint = did_you_mean(layout, known)
        raise InputError(f"unknown layout '{layout}'", path="--layout", hint=hint)
    if layout is not None and out is None:
        raise InputError("names the weights in a file, but no file is written", path="--layout",
                         hint="add --out FILE")  # fmt: skip


def _run(found: Ready) -> list[int]:
    """Run the module on a batch of noise; return the shape of its output.

    Raises:
        InputError: A leaf of a plug-in counts other parameters than its module has.
    """
    import torch

    from designspace.verification.miscounted import miscounted

    built = sum(parameter.numel() for parameter in found.model.parameters())
    error = miscounted(found.table) if built != found.table.params else None
    if error is not None:
        raise error
    assert built == found.table.params, f"{built} parameters built, {found.table.params} counted"
    with torch.inference_mode():
        return list(found.model(torch.randn(_BATCH, *found.shape)).shape)


def _print(found: Ready, shape: list[int], out: Path | None, seed: int) -> None:
    from designspace.cli.cost import print_cost
    from designspace.reporting.drawing.numbers import macs_unit

    table, named = found.table, found.named
    unit = macs_unit([table.macs])
    print_cost(table, named.title)
    typer.echo(
        f"{table.params:,} params, {unit.cell(table.macs)} {unit.name}; "
        f"ran on a batch of {_BATCH}: logits {tuple(shape)}; digest {named.spec.digest}"
    )
    typer.echo(weights_line(found, seed))
    if out:
        typer.echo(f"weights and spec: {out}")


def weights_line(found: Ready, seed: int) -> str:
    """Return which weights the network has, and, for a run or trial, why they are initial ones."""
    if found.loaded:
        return f"{found.loaded.source}: {found.loaded}"
    why = f", because {found.reason}" if found.named.sort in ("run", "trial") else ""
    return f"the weights are untrained (seed {seed}){why}; --weights loads trained ones"
