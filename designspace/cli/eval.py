"""`designspace eval`: top-1 and top-5 of trained weights on held-out images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.input.options import (
    DeviceOption,
    DownloadOption,
    InputSizeOption,
    JsonOption,
    SetOption,
    SkipBrokenOption,
    SpecArgument,
)
from designspace.cli.input.several import expanded, measured, show
from designspace.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from designspace.evaluation import Chosen, Evaluation, Subject
    from designspace.evaluation.images import Part

_PARTS = ("val", "test", "train")
_CLOSE = 1e-9


def evaluate(
    spec: SpecArgument,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            "--weights",
            help="A weights file (ours, timm's or the authors'), timm:NAME[.TAG], or a run or "
            "trial; may be given repeatedly, or as a quoted pattern such as 'runs/*.pth', for "
            "one row per file (default: those that the name stands for).",
        ),
    ] = None,
    changes: SetOption = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            help="Images: a directory, .zip, .npz, WebDataset shards (.tar), Parquet files, or a "
            "torchvision name (default: the images of the training, else fashion-mnist-mini).",
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="val|test|train",
            help="Split to measure (default: the validation split of the images that the weights "
            "were trained on; for other images the test split, or all images if there is none).",
        ),
    ] = None,
    retest: Annotated[
        bool,
        typer.Option(
            "--retest", help="Read the test split of a study or run again; the reading is recorded."
        ),
    ] = False,
    classes: Annotated[
        str | None,
        typer.Option(
            metavar="WEIGHTS=IMAGES,...",
            help="Match classes of the weights to classes of the images: cat=apple,dog=zebra, or "
            "a YAML or JSON file (default: by name).",
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            help="Recipe whose crop and precision are used: a name or a YAML file (default: the "
            "view that the weights were trained or published with).",
        ),
    ] = None,
    input_size: InputSizeOption = None,
    device: DeviceOption = "auto",
    download: DownloadOption = False,
    skip_broken: SkipBrokenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure trained weights on images that they have not seen.

    A trial (runs/demo:5, runs/demo:winner), a run's directory and a weights file of ours bring
    their network, images and split. Weights from elsewhere are measured on all images of --data.
    """
    from designspace.evaluation.classes import parse_classes
    from designspace.spec.documents.changes import parse_set
    from designspace.spec.recipe.recipe import load_recipe

    part, mapping, names = _part(split), parse_classes(classes), expanded(weights)
    if retest and part != "test":
        raise InputError("--retest is for --split test")
    asked = load_recipe(recipe) if recipe else None

    from designspace.cli.input.device import chosen
    from designspace.evaluation import Request, Settings, choose_images, find_subject, measure
    from designspace.evaluation.readings import check_reading, note_reading

    given, settings = parse_set(changes or []), Settings(chosen(device), asked, input_size, mapping)

    def one(name: str | None) -> tuple[Subject, Chosen, Evaluation]:
        subject = find_subject(spec, name, given)
        images = choose_images(subject, Request(data, part, download, skip_broken))
        check_reading(subject.training, images, again=retest)
        found = measure(subject, images, settings)
        note_reading(subject.training, images, found.score)
        return subject, images, found

    if names is not None:
        show([measured(name, lambda name: _json(*one(name))) for name in names], as_json=as_json)
        return
    subject, images, found = one(weights[0] if weights else None)
    if as_json:
        from designspace.cli.output.printing import print_json

        print_json(_json(subject, images, found))
        return
    for line in _lines(subject, images, found):
        typer.echo(line)


def _part(split: str | None) -> Part | None:
    """Return the requested split.

    Raises:
        InputError: There is no such split.
    """
    for part in ("val", "test", "train"):
        if split == part:
            return part
    if split is None:
        return None
    hint = did_you_mean(split, _PARTS)
    raise InputError(f"unknown split '{split}'", path="--split", hint=hint)


def _lines(subject: Subject, images: Chosen, found: Evaluation) -> list[str]:
    score, size, test = found.score, found.view.size, found.view.test
    top5 = "" if found.top5 is None else f", top-5 {found.top5:.2f}%"
    name = subject.spec.name or "network"
    return [
        *subject.says,
        f"weights: {found.loaded.source}: {found.loaded}",
        f"measured on {images.says}",
        *([found.matching.says] if found.matching.says else []),
        f"{name}: top-1 {score.top1:.2f}%{top5} on {score.n:,} images of {images.name} "
        f"({images.part}) at {size}x{size} ({_crop(test.crop_mode)} {test.crop_pct:g}, "
        f"{test.interpolation})",
        *_recorded_lines(subject, images, found),
    ]


def _crop(mode: str) -> str:
    return {"center": "crop", "squash": "warp", "border": "border"}[mode]


def _recorded_lines(subject: Subject, images: Chosen, found: Evaluation) -> list[str]:
    """Return the scores in the training's own record, compared with those just measured."""
    from designspace.records.readings import readings, times_read

    training = subject.training
    if training is None and images.own and images.part == "test":
        return ["not recorded: these weights lie outside of the run or study that made them"]
    if training is None or not images.own:
        return []
    lines: list[str] = []
    before = training.record.top1
    if images.part == "validation" and before is not None:
        same = abs(before - found.score.top1) < _CLOSE
        verdict = "the same" if same else f"{found.score.top1 - before:+.2f} points apart"
        lines.append(f"recorded validation top-1 of {training.title}: {before:.2f}% ({verdict})")
    tested = training.record.test
    count = times_read(len(readings(training.directory)))
    if images.part == "test":
        lines.append(f"test split: {count}")
    elif tested is not None and training.wins:
        top5 = "" if found.top5 is None else f", top-5 {tested.top5:.2f}%"
        lines.append(
            f"recorded test result: top-1 {tested.top1:.2f}%{top5} on {tested.n:,} images ({count})"
        )
    return lines


def _json(subject: Subject, images: Chosen, found: Evaluation) -> dict[str, Any]:
    view, score = found.view, {**found.score.model_dump(), "top5": found.top5}
    return {
        "name": subject.name,
        "network": subject.spec.name,
        "digest": subject.spec.digest,
        "weights": str(found.loaded),
        "weights_source": found.loaded.source,
        "trial": subject.training.trial if subject.training else None,
        "view": {
            "mean": view.mean,
            "std": view.std,
            **view.test.model_dump(),
            "crop_mode": view.test.crop_mode,
        },
        "input_size": view.size,
        "data": images.name,
        "data_digest": images.digest,
        "split": images.part,
        "own_data": images.own,
        "seen": images.seen,
        "classes": {
            "weights": found.answers,
            "images": len(images.classes),
            "says": found.matching.says,
        },
        **score,
        "recorded": _recorded(subject, images),
        "says": [*subject.says, images.says],
    }


def _recorded(subject: Subject, images: Chosen) -> dict[str, Any] | None:
    """Return the scores in the training's record; None for weights or images from elsewhere."""
    from designspace.records.readings import readings

    training = subject.training
    if training is None or not images.own:
        return None
    record = training.record
    return {
        "validation_top1": record.top1,
        "test": record.test.model_dump(mode="json") if record.test else None,
        "test_readings": [
            reading.model_dump(mode="json") for reading in readings(training.directory)
        ],
    }
