"""`designspace data`: the contents and splits of a data set, before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.input.options import DownloadOption, JsonOption, SkipBrokenOption
from designspace.errors import InputError
from designspace.layers.bounds import WIDEST

if TYPE_CHECKING:
    from designspace.images.overview.speed import Speed
    from designspace.images.overview.summary import Summary

LISTED = 40
"""Number of classes that are listed one by one; --json lists all."""
NOMINAL = 224
"""Default side for timing the decoding, in pixels."""


def data(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[PATH]",
            help="Images: a directory, .zip, .npz, WebDataset shards (.tar), Parquet files, "
            "or a torchvision name (default: fashion-mnist-mini).",
        ),
    ] = None,
    image_size: Annotated[
        int | None,
        typer.Option(
            "--image-size",
            "--input-size",
            min=1,
            max=WIDEST,
            help="Side to resize and crop images of different sizes to.",
        ),
    ] = None,
    val_fraction: Annotated[
        float, typer.Option(help="Share of each class to hold out, above 0 and below 1.")
    ] = 0.2,
    out: Annotated[
        Path | None, typer.Option(help="File for a contact sheet with labels: .png, .jpg or .webp.")
    ] = None,
    speed: Annotated[
        bool,
        typer.Option("--speed", help="Measure how many images per second a training can decode."),
    ] = False,
    download: DownloadOption = False,
    skip_broken: SkipBrokenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show the contents of a data set: classes, splits, pixel statistics, skipped files."""
    if not 0 < val_fraction < 1:
        said = f"must be above 0 and below 1 (got {val_fraction:g})"
        raise InputError(said, path="--val-fraction")
    from designspace.images.data import inspect_data
    from designspace.images.overview.sheet import check_sheet, write_sheet
    from designspace.images.overview.summary import summarise

    if out is not None:
        check_sheet(out)
    images = inspect_data(
        source,
        download=download,
        val_fraction=val_fraction,
        image_size=image_size,
        skip_broken=skip_broken,
    )
    summary = summarise(images)
    size = image_size or images.image_size or NOMINAL
    timed = _speed(source, size, skip_broken=skip_broken) if speed else None
    if out is not None:
        write_sheet(images, out)
    if as_json:
        _print_json(summary, timed, asked=speed)
    else:
        _print(summary, timed, out, asked=speed)


def _speed(source: str | None, size: int, *, skip_broken: bool) -> Speed | None:
    """Measure the speed of decoding; return None if the pixels are stored decoded."""
    from designspace.images.data import load_data
    from designspace.images.overview.speed import time_decoding
    from designspace.images.split import EncodedSplit

    unread = load_data(source, image_size="own", skip_broken=skip_broken)
    return time_decoding(unread.train, size) if isinstance(unread.train, EncodedSplit) else None


def _print_json(summary: Summary, speed: Speed | None, *, asked: bool) -> None:
    from designspace.cli.output.printing import print_json

    timed: dict[str, Any] = {"speed": speed and speed.plain()} if asked else {}
    print_json({**summary.plain(), **timed})


def _print(summary: Summary, speed: Speed | None, out: Path | None, *, asked: bool) -> None:
    from designspace.images.overview.summary import opening_line

    train = summary.splits["train"]
    typer.echo(opening_line(summary.data, train.pixel_mean, train.pixel_std))
    _print_classes(summary)
    _print_pixels(summary)
    for note in summary.notes:
        typer.echo(f"note: {note}" if not note.startswith("warning") else note)
    for one in summary.skipped:
        typer.echo(f"skipped: {one}")
    if asked:
        typer.echo(f"decoding: {speed or 'nothing to decode, the pixels are stored as they are'}")
    if out is not None:
        typer.echo(f"contact sheet: {out}")


def _print_classes(summary: Summary) -> None:
    from designspace.cli.output.printing import print_table

    data, splits = summary.data, summary.splits
    counts = list(zip(*(split.per_class for split in splits.values()), strict=True))
    rows = [
        [str(label), " ".join(data.classes[label].split()), *(f"{count:,}" for count in numbers)]
        for label, numbers in enumerate(counts[:LISTED])
    ]
    total = ["", "in all", *(f"{split.images:,}" for split in splits.values())]
    print_table(["label", "class", *splits], rows, text=("label", "class"), total=total)
    if len(counts) > LISTED:
        each = splits["train"].per_class
        typer.echo(
            f"{len(counts) - LISTED:,} more classes (--json lists all), with "
            f"{min(each):,} to {max(each):,} training images per class"
        )


def _print_pixels(summary: Summary) -> None:
    from designspace.cli.output.printing import print_table

    rows = [
        [name, _numbers(split.pixel_mean), _numbers(split.pixel_std), f"{split.measured:,}"]
        for name, split in summary.splits.items()
    ]
    print_table(["split", "pixel mean (0 to 1)", "std", "images measured"], rows)


def _numbers(values: tuple[float, ...]) -> str:
    return "  ".join(f"{value:.4f}" for value in values)
