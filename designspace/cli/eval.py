"""`designspace eval`: top-1 and top-5 of a network with given weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from designspace.cli.options import (
    DataOption,
    DeviceOption,
    DownloadOption,
    InputSizeOption,
    JsonOption,
    SetOption,
    SkipBrokenOption,
    SpecArgument,
    WeightsOption,
)

if TYPE_CHECKING:
    from designspace.images.data import Data
    from designspace.images.view import View
    from designspace.spec.crops import TestView
    from designspace.spec.network import Network
    from designspace.weights import Preprocessing, Weights

DEFAULT_RECIPE = "demo"


def evaluate(
    spec: SpecArgument,
    weights: WeightsOption,
    changes: SetOption = None,
    data: DataOption = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            help="Crop and precision: a catalog name or a YAML file; by default the crop that "
            "published weights were measured with.",
        ),
    ] = None,
    input_size: InputSizeOption = None,
    device: DeviceOption = "auto",
    download: DownloadOption = False,
    skip_broken: SkipBrokenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure a network on the test split of the data, or on all images where there is none."""
    from designspace.spec import load
    from designspace.spec.changes import parse_set
    from designspace.spec.recipe import load_recipe

    network = load(spec, parse_set(changes or []))
    how = load_recipe(recipe or DEFAULT_RECIPE)

    from designspace.cli.device import chosen
    from designspace.cli.show import print_json
    from designspace.compiler import build
    from designspace.images.data import load_data, load_unread
    from designspace.train.evaluate import evaluate_data
    from designspace.weights import load_weights, read_weights

    found = read_weights(weights)
    images = (
        load_data(data, download=download, image_size=network.input_size, skip_broken=skip_broken)
        if found.facts
        else load_unread(data, download=download, skip_broken=skip_broken)
    )
    size = input_size or _size(network, images, found)
    model = build(
        network, num_classes=images.num_classes, in_channels=images.channels, input_size=size
    )
    loaded = load_weights(model, found, classifier="match")
    view = _view(images, size, loaded.preprocessing, how.test if recipe else None)
    score = evaluate_data(model, images, view, how, device=chosen(device))
    if as_json:
        seen = {"mean": view.mean, "std": view.std, **view.test.model_dump()}
        facts = {"digest": network.digest, "weights": str(loaded), "view": seen}
        print_json({**facts, "input_size": size, **score.model_dump()})
        return
    typer.echo(f"{loaded.source}: {loaded}")
    typer.echo(
        f"{network.name}: {score} on {score.n:,} images "
        f"of {images.name} at {size}x{size} (crop {view.test.crop_pct:g}, "
        f"{view.test.interpolation})"
    )


def _size(network: Network, images: Data, found: Weights) -> int:
    """The side that the weights were trained at; else the one that suits network and images."""
    from designspace.images.fit import working_size

    if found.preprocessing and found.preprocessing.size:
        return found.preprocessing.size
    return working_size(network, images) if found.facts else network.input_size


def _view(images: Data, size: int, known: Preprocessing | None, test: TestView | None) -> View:
    """Mean and spread that the weights know; the crop that is asked for, else theirs."""
    from designspace.images.statistics import statistics
    from designspace.images.view import View
    from designspace.spec.crops import TestView

    if test is None and known and known.crop_pct:
        test = TestView(crop_pct=known.crop_pct, interpolation=known.interpolation)
    mean, std = (known.mean, known.std) if known else statistics(images.train)
    return View(size, mean, std, test or TestView())
