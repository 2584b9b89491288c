"""Options that several verbs share."""

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
    """Refuse a number that is none, or endless."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value:g} is not a finite number")
    return value


SpecArgument = Annotated[str, typer.Argument(metavar="SPEC", help=f"A network: {NAMES}.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change the spec; may be given repeatedly."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
InputSizeOption = Annotated[
    int | None,
    typer.Option(min=1, max=WIDEST, help="Side of the image; the spec's own by default."),
]
WorkingSizeOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=WIDEST,
        help="Side of the image to train at, as the recipe's input_size; the recipe's, else what "
        "suits images and network, by default.",
    ),
]
ClassesOption = Annotated[int, typer.Option(min=1, max=WIDEST, help="Number of classes.")]
TrainedSizeOption = Annotated[
    int | None,
    typer.Option(
        min=1, max=WIDEST, help="Side of the image; as it was trained, else the spec's own."
    ),
]
TrainedClassesOption = Annotated[
    int | None,
    typer.Option(min=1, max=WIDEST, help="Number of classes; as it was trained, else 1000."),
]
TrainedChannelsOption = Annotated[
    int | None,
    typer.Option(min=1, max=WIDEST, help="Channels of the image; as it was trained, else 3."),
]
ChannelsOption = Annotated[int, typer.Option(min=1, max=WIDEST, help="Channels of the image.")]
DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="Images: a directory, .zip, .npz, WebDataset shards (.tar), Parquet files, or a "
        "torchvision name; fashion-mnist-mini by default.",
    ),
]
DownloadOption = Annotated[
    bool, typer.Option("--download", help="Let torchvision fetch what is not on disk.")
]
SkipBrokenOption = Annotated[
    bool, typer.Option("--skip-broken", help="Leave unreadable images out, and count them.")
]
KeepCheckpointsOption = Annotated[
    bool,
    typer.Option("--keep-checkpoints", help="Keep checkpoints that nothing needs any more."),
]
RecipeOption = Annotated[str, typer.Option("--recipe", help="A catalog name or a YAML file.")]
RecipeSetOption = Annotated[
    list[str] | None,
    typer.Option("--recipe-set", metavar="PATH=VALUE", help="Change the recipe; repeatable."),
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
        help="Load these instead of the network's own: a safetensors or .pth file, ours, timm's or "
        "the authors'; a run's directory; STUDY:TRIAL; or timm:NAME[.TAG].",
    ),
]
SeedOption = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of initial weights.")]
DeviceOption = Annotated[str, typer.Option(help="cpu, cuda, or auto: a GPU where there is one.")]
CpusPerTrialOption = Annotated[
    int | None, typer.Option(min=1, help="CPUs of each trial, which are its threads; 1 by default.")
]
GpusPerTrialOption = Annotated[
    float | None,
    typer.Option(
        help="GPUs of each trial: 1, a share such as 0.25, or 0; 1 by default where there is a GPU."
    ),
]
