"""`designspace build`: the network as a torch module, run once, saved or exported if asked."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.options import (
    WIDEST,
    InputSizeOption,
    JsonOption,
    SetOption,
    SpecArgument,
)

if TYPE_CHECKING:
    from designspace.compiler import Compiled
    from designspace.costing import CostTable
    from designspace.exporting import Exported
    from designspace.spec import Network
    from designspace.weights import Loaded, Weights

_CLASSES, _CHANNELS = 1000, 3


class Target(StrEnum):
    """A format for other runtimes."""

    onnx = "onnx"
    pt2 = "pt2"


def build(
    spec: SpecArgument,
    changes: SetOption = None,
    input_size: InputSizeOption = None,
    in_channels: Annotated[
        int | None,
        typer.Option(min=1, max=WIDEST, help="Channels of the image; 3, or as the weights say."),
    ] = None,
    num_classes: Annotated[
        int | None,
        typer.Option(min=1, max=WIDEST, help="Number of classes; 1000, or as the weights say."),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="Load these: a safetensors or .pth file, ours, timm's or the authors', or "
            "timm:NAME[.TAG]."
        ),
    ] = None,
    export: Annotated[Target | None, typer.Option(help="Write it for other runtimes.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write weights and spec here, as safetensors; with --export that format, "
            "NAME.onnx or NAME.pt2 by default."
        ),
    ] = None,
    layout: Annotated[
        str, typer.Option(help="Names to write weights under: designspace, timm or official.")
    ] = "designspace",
    seed: Annotated[
        int, typer.Option(min=0, max=2**63 - 1, help="Seed of the initial weights.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Build a network, run it once, and show its parts; save or export it if asked."""
    from designspace.cli.show import cost_json, print_json
    from designspace.costing import cost as cost_of
    from designspace.spec import load
    from designspace.spec.changes import parse_set

    network = load(spec, parse_set(changes or []))
    start = _read(weights)
    facts = _facts(start)
    facts["num_classes"] = num_classes or facts.get("num_classes", _CLASSES)
    facts["in_channels"] = in_channels or facts.get("in_channels", _CHANNELS)
    size = input_size or facts.get("input", {}).get("size")
    task = {name: int(facts[name]) for name in ("num_classes", "in_channels")}
    table = cost_of(network, size, **task)
    model, shape, loaded = _built(network, table, start, seed, task["num_classes"])
    facts |= _origin(loaded, table.input.shape[0]) if loaded else {}
    written = _exported(model, network, table, export, out, facts) if export else None
    saved = None if export else out
    if saved:
        from designspace.weights import save_weights

        save_weights(model, network, saved, layout=layout, **facts)
    said = {"name": network.name, "digest": network.digest, "output": shape}
    if as_json:
        said |= {"loaded": str(loaded) if loaded else None}
        said |= {"weights": str(saved) if saved else None, "export": _plain(written)}
        print_json(said | {"cost": cost_json(table)})
        return

    from designspace.cli.cost import print_cost

    print_cost(table, network.name)
    typer.echo(
        f"{table.params:,} params, {table.macs / 1e9:.4f} GMACs; "
        f"ran once: logits {tuple(shape)}; digest {network.digest}"
    )
    if loaded:
        typer.echo(f"{loaded.source}: {loaded}")
    elif written or saved:
        typer.echo(f"the weights are initial ones (seed {seed}); --weights takes trained ones")
    if saved:
        typer.echo(f"weights and spec: {saved}")
    if written:
        typer.echo(
            f"{written.format}: {written.path}, run again: outputs differ by at most "
            f"{written.difference:.1e}, the largest being {written.largest:.3g}"
        )


def _read(weights: str | None) -> Weights | None:
    if weights is None:
        return None
    from designspace.weights import read_weights

    return read_weights(weights)


def _facts(weights: Weights | None) -> dict[str, Any]:
    """What is written beside the weights, less their specification and layout."""
    known = weights.facts if weights else {}
    return {name: known[name] for name in known if name not in ("spec", "digest", "layout")}


def _built(
    network: Network,
    table: CostTable,
    weights: Weights | None,
    seed: int,
    num_classes: int,
) -> tuple[Compiled, list[int], Loaded | None]:
    """The module, counted and run once; the shape of what it gave; what was loaded."""
    import torch

    from designspace.compiler import build as build_module
    from designspace.weights import load_weights

    torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]
    height, width, channels = table.input.shape
    model = build_module(
        network, num_classes=num_classes, in_channels=channels, input_size=height
    ).eval()
    built = sum(parameter.numel() for parameter in model.parameters())
    assert built == table.params, f"{built} parameters built, {table.params} counted"
    loaded = load_weights(model, weights, classifier="replace") if weights else None
    with torch.inference_mode():
        output = model(torch.randn(1, channels, height, width))
    return model, list(output.shape), loaded


def _exported(
    model: Compiled,
    network: Network,
    table: CostTable,
    target: Target,
    out: Path | None,
    facts: dict[str, Any],
) -> Exported:
    """The network in another format, with what is known of it inside."""
    from designspace.exporting import export

    height, width, channels = table.input.shape
    path = out or Path(f"{network.name or 'network'}.{target}")
    about = facts | {"spec": network.authored, "digest": network.digest}
    return export(model, (channels, height, width), path, format=target, facts=about)


def _plain(written: Exported | None) -> dict[str, Any] | None:
    if written is None:
        return None
    return {
        "file": str(written.path),
        "format": written.format,
        "max_difference": written.difference,
        "max_output": written.largest,
    }


def _origin(loaded: Loaded, input_size: int) -> dict[str, Any]:
    """What to keep beside weights that came from elsewhere."""
    known = loaded.preprocessing
    return {"from": loaded.source} | ({"input": known.at(input_size).facts()} if known else {})
