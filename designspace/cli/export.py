"""`designspace export`: write a network with its weights in a format for other runtimes."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.input.options import (
    NAMES,
    JsonOption,
    NetworkWeightsOption,
    SeedOption,
    SetOption,
    TrainedChannelsOption,
    TrainedClassesOption,
    TrainedSizeOption,
)
from designspace.errors import InputError
from designspace.extras import EXTRAS, require_extra

if TYPE_CHECKING:
    from designspace.exporting import Exported
    from designspace.exporting.ready import Ready
    from designspace.naming import Named


class Format(StrEnum):
    """A format for other runtimes."""

    onnx = "onnx"
    pt2 = "pt2"


def export(
    network: Annotated[str, typer.Argument(metavar="NETWORK", help=f"A network: {NAMES}.")],
    changes: SetOption = None,
    to: Annotated[
        Format | None,
        typer.Option("--format", help="Format of the file (default: from the suffix of --out)."),
    ] = None,
    weights: NetworkWeightsOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write (default: the network's name and the format)."),
    ] = None,
    input_size: TrainedSizeOption = None,
    in_channels: TrainedChannelsOption = None,
    num_classes: TrainedClassesOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Export a network for other runtimes, run the file again, and compare the outputs."""
    from designspace.cli.input import networks

    named = networks.find(network, changes, quiet=as_json)
    chosen, path = _target(named, to, out)
    if weights is None:
        _require_weights(named)
    elif not as_json:
        networks.tell_weights(weights)

    from designspace.exporting import export as export_module
    from designspace.exporting.ready import ready

    found = ready(
        named,
        weights=weights,
        num_classes=num_classes,
        in_channels=in_channels,
        input_size=input_size,
        seed=seed,
    )
    written = export_module(found.model, found.shape, path, format=chosen, facts=found.about)
    if as_json:
        from designspace.cli.output.printing import print_json

        print_json(_json(found, written))
    else:
        _print(found, written, seed)


def _target(named: Named, to: Format | None, out: Path | None) -> tuple[Format, Path]:
    """Return the format and the file; called before anything is built.

    Raises:
        InputError: No format is given, it does not match the file's name, a package that it needs
            is missing, or the file cannot be written there.
    """
    formats = [str(known) for known in Format]
    ending = out.suffix[1:].lower() if out else ""
    if to is None and ending not in formats:
        said = f"'{out}' does not end in a format" if out else "no format is given"
        raise InputError(said, hint=f"give one with --format: {', '.join(formats)}")
    chosen = to or Format(ending)
    if chosen in EXTRAS:
        require_extra(chosen, f"the format {chosen}")
    path = out or Path(f"{named.file_name}.{chosen}")
    if path.is_dir():
        inside = path / f"{named.file_name}.{chosen}"
        raise InputError("is a directory", file=str(path), hint=f"name a file, such as {inside}")
    if ending != chosen and out:
        raise InputError(
            f"the file's name does not end in .{chosen}, its format",
            file=str(out),
            hint=f"did you mean '{out.with_suffix(f'.{chosen}')}'?",
        )
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise InputError(f"cannot be written: '{above}' is not a directory", file=str(path))
    return chosen, path


def _require_weights(named: Named) -> None:
    """Refuse a trained network whose weights are missing; a spec needs no weights.

    Raises:
        InputError: It is a run, a trial, a weights file or a timm name without weights to export.
    """
    if named.weights is None and named.sort in ("run", "trial", "weights file", "timm"):
        raise InputError(
            f"'{named.name}' has no weights to export: {named.missing}",
            hint="give others with --weights, or write the spec out with designspace show and "
            "export that",
        )


def _print(found: Ready, written: Exported, seed: int) -> None:
    from designspace.cli.build import weights_line

    typer.echo(weights_line(found, seed))
    channels, height, width = found.shape
    typer.echo(
        f"{found.named.title} at {height}x{width}x{channels}, "
        f"{found.facts['num_classes']} classes, {found.table.params:,} params"
    )
    typer.echo(
        f"{written.format}: {written.path}, run again: outputs differ by at most "
        f"{written.difference:.1e}, the largest being {written.largest:.3g}"
    )


def _json(found: Ready, written: Exported) -> dict[str, Any]:
    from designspace.cli.input import networks

    loaded = found.loaded
    return {
        "name": found.named.spec.name,
        "digest": found.named.spec.digest,
        "named": networks.as_json(found.named),
        "weights": loaded.source if loaded else None,
        "loaded": str(loaded) if loaded else None,
        "input": list(found.shape),
        "num_classes": found.facts["num_classes"],
        "file": str(written.path),
        "format": written.format,
        "max_difference": written.difference,
        "max_output": written.largest,
    }
