"""`designspace eval`: top-1 and top-5 of a network with given weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from designspace.cli.options import (
    DataOption,
    DeviceOption,
    DownloadOption,
    InputSizeOption,
    JsonOption,
    RecipeOption,
    SetOption,
    SkipBrokenOption,
    SpecArgument,
)


def evaluate(
    spec: SpecArgument,
    weights: Annotated[Path, typer.Option(help="A safetensors file.")],
    changes: SetOption = None,
    data: DataOption = None,
    recipe: RecipeOption = "demo",
    input_size: InputSizeOption = None,
    device: DeviceOption = "auto",
    download: DownloadOption = False,
    skip_broken: SkipBrokenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure a network on the test split of the data (the recipe gives crop and precision)."""
    from designspace.spec import load
    from designspace.spec.changes import parse_set
    from designspace.spec.recipe import load_recipe

    network = load(spec, parse_set(changes or []))
    how = load_recipe(recipe)

    from designspace.cli.device import chosen
    from designspace.cli.show import print_json
    from designspace.compiler import build
    from designspace.train.data import load_data
    from designspace.train.evaluate import evaluate_data, view_of
    from designspace.train.fit import working_size
    from designspace.train.view import View
    from designspace.weights import load_weights, read_facts

    facts = read_facts(weights)
    images = load_data(
        data, download=download, image_size=network.input_size, skip_broken=skip_broken
    )
    size = input_size or facts.get("input", {}).get("size") or working_size(network, images)
    view = view_of(images, size, how.test)
    if "input" in facts:
        view = View(size, tuple(facts["input"]["mean"]), tuple(facts["input"]["std"]), how.test)
    model = build(
        network, num_classes=images.num_classes, in_channels=images.channels, input_size=size
    )
    load_weights(model, weights)
    score = evaluate_data(model, images, view, how, device=chosen(device))
    if as_json:
        print_json({"digest": network.digest, "input_size": size, **score.model_dump()})
        return
    typer.echo(
        f"{network.name}: top-1 {score.top1:.2f}%, top-5 {score.top5:.2f}% "
        f"on {score.n:,} images of {images.name} at {size}x{size}"
    )
