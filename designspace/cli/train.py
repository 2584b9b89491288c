"""`designspace train`: one network by one recipe, with a checkpoint an epoch."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from designspace.cli.options import (
    DataOption,
    DeviceOption,
    DownloadOption,
    JsonOption,
    RecipeOption,
    RecipeSetOption,
    SetOption,
    SkipBrokenOption,
    SpecArgument,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from designspace.records.training import Epoch
    from designspace.spec import Network
    from designspace.spec.recipe import Recipe


def train(
    spec: SpecArgument,
    changes: SetOption = None,
    recipe: RecipeOption = "demo",
    recipe_changes: RecipeSetOption = None,
    data: DataOption = None,
    seed: Annotated[int, typer.Option(help="Seed of weights, order and augmentation.")] = 0,
    device: DeviceOption = "auto",
    out: Annotated[Path | None, typer.Option(help="Directory; runs/train/... by default.")] = None,
    initial: Annotated[
        str | None,
        typer.Option("--from", metavar="WEIGHTS", help="Begin with these weights: fine-tune."),
    ] = None,
    compiled: Annotated[bool, typer.Option("--compile", help="Compile the network.")] = False,
    save_every: Annotated[
        float, typer.Option(min=0, help="Seconds between checkpoints inside an epoch.")
    ] = 600.0,
    download: DownloadOption = False,
    skip_broken: SkipBrokenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a network; the same command resumes, or shows the result of a complete run."""
    from designspace.cli.device import chosen
    from designspace.spec import load
    from designspace.spec.changes import parse_set
    from designspace.spec.recipe import load_recipe

    network = load(spec, parse_set(changes or []))
    how = load_recipe(recipe, parse_set(recipe_changes or []), network=network.name)
    directory = out or Path("runs/train") / _name(network, how, seed)

    from designspace.cli.show import print_json
    from designspace.train.data import load_data
    from designspace.train.group import joined
    from designspace.train.initial import read_initial
    from designspace.train.run import Run
    from designspace.train.session import WEIGHTS
    from designspace.train.session import train as train_run

    images = load_data(
        data,
        download=download,
        val_fraction=how.val_fraction,
        image_size=how.input_size or network.input_size,
        skip_broken=skip_broken,
    )
    begin = read_initial(initial) if initial else None
    with joined(chosen(device)) as (group, own):
        run = Run(
            network, how, images, seed=seed, device=own, directory=directory, initial=begin,
            compiled=compiled, save_every=save_every, group=group,
        )  # fmt: skip
        if group.leads and not as_json:
            for line in (*images.notes, *(f"skipped: {name}" for name in images.skipped)):
                typer.echo(line)
        try:
            with _progress(how.epochs, quiet=as_json, shown=group.leads) as (on_epoch, on_step):
                score = train_run(run, on_epoch, on_step)
        except KeyboardInterrupt:
            typer.echo(f"stopped after {run.epoch} of {how.epochs} epochs ({directory})", err=True)
            raise
        if not group.leads:
            return
    last = run.history[-1]
    if as_json:
        result = {"validation": last.model_dump(), "test": score.model_dump()}
        print_json({"directory": str(directory), "digest": network.digest, **result})
        return
    typer.echo(
        f"validation top-1 {last.top1:.2f}%; test top-1 {score.top1:.2f}%, top-5 {score.top5:.2f}% "
        f"({score.n:,} images, read once, seed {seed})"
    )
    typer.echo(f"weights: {directory / WEIGHTS}")


def _name(network: Network, recipe: Recipe, seed: int) -> str:
    """The directory of a run: another network, recipe or seed has another."""
    network_part = f"{network.name or 'network'}-{network.digest[:6]}"
    return f"{network_part}-{recipe.name}-{recipe.digest[:6]}-s{seed}"


@contextmanager
def _progress(
    epochs: int, *, quiet: bool, shown: bool
) -> Generator[tuple[Callable[[Epoch], None], Callable[[int, int], None]]]:
    """A live bar on a terminal, a line an epoch elsewhere, nothing where JSON is wanted.

    Of several processes only one is shown.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=quiet)
    quiet = quiet or not shown
    live = sys.stdout.isatty() and not quiet
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not live) as progress:
        bar = progress.add_task(f"epoch 1/{epochs}", total=epochs)

        def on_step(done: int, steps: int) -> None:
            before = int(progress.tasks[0].fields.get("epoch", 0))
            progress.update(bar, completed=before + done / steps)

        def on_epoch(epoch: Epoch) -> None:
            if not quiet:
                line = f"epoch {epoch.epoch}/{epochs}  train loss {epoch.train_loss:.4f}  "
                line += f"validation loss {epoch.loss:.4f}  top-1 {epoch.top1:.2f}%  "
                progress.console.print(line + f"{epoch.images_per_second:,.0f} images/s")
            shown = f"epoch {min(epoch.epoch + 1, epochs)}/{epochs}"
            progress.update(bar, completed=epoch.epoch, description=shown, epoch=epoch.epoch)

        yield on_epoch, on_step
