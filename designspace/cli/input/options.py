"""Options that several commands share."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from designspace.layers.bounds import WIDEST

NAMES = (
    "a YAML file, a weights file of ours or a run's directory; LADDER:STEP; STUDY:TRIAL or "
    "STUDY:winner; a catalog name; timm:NAME"
)
"""Ways to name a network, in the order in which they are tried."""


def finite(value: float | None) -> float | None:
    """Refuse a number that is infinite or not a number."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value:g} is not a finite number")
    return value


SpecArgument = Annotated[str, typer.Argument(metavar="SPEC", help=f"A network: {NAMES}.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value of the spec. Repeatable."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
InputSizeOption = Annotated[
    int | None,
    typer.Option(min=1, max=WIDEST, help="Side of the image in pixels (default: the spec's)."),
]
WorkingSizeOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=WIDEST,
        help="Side of the training images in pixels (default: the recipe's, else a size that "
        "suits images and network).",
    ),
]
ClassesOption = Annotated[int, typer.Option(min=1, max=WIDEST, help="Number of classes.")]
TrainedSizeOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=WIDEST,
        help="Side of the image in pixels (default: as trained, else the spec's).",
    ),
]
TrainedClassesOption = Annotated[
    int | None,
    typer.Option(min=1, max=WIDEST, help="Number of classes (default: as trained, else 1000)."),
]
TrainedChannelsOption = Annotated[
    int | None,
    typer.Option(min=1, max=WIDEST, help="Number of image channels (default: as trained, else 3)."),
]
ChannelsOption = Annotated[int, typer.Option(min=1, max=WIDEST, help="Number of image channels.")]
DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="Images: a directory, .zip, .npz, WebDataset shards (.tar), Parquet files, or a "
        "torchvision name (default: fashion-mnist-mini).",
    ),
]
DownloadOption = Annotated[
    bool,
    typer.Option(
        "--download", help="Allow torchvision to download a data set that is not on disk."
    ),
]
SkipBrokenOption = Annotated[
    bool,
    typer.Option(
        "--skip-broken", help="Skip images that cannot be read, and report how many there were."
    ),
]
KeepCheckpointsOption = Annotated[
    bool,
    typer.Option("--keep-checkpoints", help="Keep checkpoints that are no longer needed."),
]
RecipeOption = Annotated[str, typer.Option("--recipe", help="A catalog name or a YAML file.")]
RecipeSetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--recipe-set", metavar="PATH=VALUE", help="Change a value of the recipe. Repeatable."
    ),
]
WeightsOption = Annotated[
    str,
    typer.Option(
        "--weights",
        help="A safetensors or .pth file, ours, timm's or the authors', or timm:NAME[.TAG].",
    ),
]
NetworkWeightsOption = Annotated[
    str | None,
    typer.Option(
        "--weights",
        help="Weights to load instead of the network's own: a safetensors or .pth file (ours,"
        " timm's or the authors'), a run's directory, STUDY:TRIAL, or timm:NAME[.TAG].",
    ),
]
SeedOption = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of initial weights.")]
DeviceOption = Annotated[
    str, typer.Option(help="Device: cpu, cuda, or auto (a GPU if there is one).")
]
CpusPerTrialOption = Annotated[
    int | None,
    typer.Option(min=1, help="CPUs per trial, which is also its number of threads (default: 1)."),
]
GpusPerTrialOption = Annotated[
    float | None,
    typer.Option(
        help="GPUs per trial: 1, a fraction such as 0.25, or 0 (default: 1 if there is a GPU)."
    ),
]
