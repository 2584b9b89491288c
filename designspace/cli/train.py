"""`designspace train`: train one network with one recipe; the same command resumes it."""

from __future__ import annotations

import contextlib
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.input.options import (
    NAMES,
    DataOption,
    DeviceOption,
    DownloadOption,
    JsonOption,
    KeepCheckpointsOption,
    RecipeOption,
    RecipeSetOption,
    SetOption,
    SkipBrokenOption,
    WorkingSizeOption,
    finite,
)
from designspace.errors import InputError, TrialsFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from designspace.api.training_plan import PreparedTraining
    from designspace.records.run import Record
    from designspace.records.tuning import Tuning
    from designspace.spec import Network
    from designspace.training.run import Run


def train(
    spec: Annotated[
        str | None,
        typer.Argument(
            metavar="SPEC",
            help=f"A network: {NAMES}. With --from, defaults to the network of those weights.",
        ),
    ] = None,
    changes: SetOption = None,
    recipe: RecipeOption = "demo",
    recipe_changes: RecipeSetOption = None,
    data: DataOption = None,
    input_size: WorkingSizeOption = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**62, help="Seed of weights, order and augmentation.")
    ] = 0,
    seeds: Annotated[
        int,
        typer.Option(
            min=1, max=100_000, help="Number of trainings, with seeds SEED, SEED + 1 and so on."
        ),
    ] = 1,
    tune: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME...",
            help="Recipe values to tune for this network before the training, such as "
            "lr,weight_decay.",
        ),
    ] = None,
    tune_trials: Annotated[
        int, typer.Option(min=2, max=1000, help="Number of trainings spent on tuning.")
    ] = 8,
    device: DeviceOption = "auto",
    out: Annotated[
        Path | None, typer.Option(help="Directory of the run (default: runs/train/...).")
    ] = None,
    initial: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="WEIGHTS",
            help="Weights to start from: a file, a run's directory, STUDY:TRIAL, STUDY:winner"
            " or timm:NAME[.TAG].",
        ),
    ] = None,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Compile the network with torch.compile.")
    ] = False,
    save_every: Annotated[
        float | None,
        typer.Option(
            min=0,
            callback=finite,
            help="Seconds between checkpoints within an epoch (default: 600).",
        ),
    ] = None,
    keep_checkpoints: KeepCheckpointsOption = False,
    download: DownloadOption = False,
    skip_broken: SkipBrokenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a network. The same command resumes an interrupted run."""
    from designspace.cli.input import sizes
    from designspace.cli.input.device import chosen
    from designspace.spec.recipe.recipe import load_recipe

    network = _network(spec, initial, changes, quiet=as_json)
    altered = sizes.recipe_changes(
        recipe_changes, input_size, sizes.changed_size(changes, network.input_size)
    )
    how, where = load_recipe(recipe, altered, network=network.name), chosen(device)

    from designspace.api.training_plan import TrainingPlan
    from designspace.failures.memory import release
    from designspace.training.distributed import joined

    plan = TrainingPlan(
        network=network, recipe=how, device=where, data=data, seed=seed, seeds=seeds,
        tune=None if tune is None else tuple(tune.split(",")), tune_trials=tune_trials, out=out,
        initial=initial, compiled=compiled, save_every=save_every, download=download,
        skip_broken=skip_broken,
    )  # fmt: skip
    ready = plan.prepared()
    if ready.tunes is not None:
        ready = ready.tuned(_tune(ready, keep_checkpoints, quiet=as_json))
    records: dict[Path, Record] = {}
    with joined(where) as (group, own):
        for each, place in ready.runs():
            quiet = as_json or not group.leads
            begun = partial(ready.run, each, place, group, own)
            told = seeds if each == ready.seed else 0
            records[place] = _train(begun, ready.tuning, told, keep=keep_checkpoints, quiet=quiet)
            release()  # free the memory for the next training
        if group.leads:
            _show(records, ready.tuning, as_json=as_json)


def _network(
    spec: str | None, initial: str | None, changes: list[str] | None, *, quiet: bool
) -> Network:
    """Find the network to train; by default that of the initial weights.

    Raises:
        InputError: No network is named, or there is no such network.
    """
    from designspace.cli.input.networks import find, tell_weights

    name = spec or initial
    if name is None:
        raise InputError("no network is named", hint="name one, or its trained weights with --from")
    named = find(name, changes, quiet=quiet)
    if spec and initial and not quiet:
        tell_weights(initial)
    if named.weights and not initial and not quiet:
        typer.echo(f"its trained weights are not used; --from {name} starts from them")
    return named.spec


def _tune(ready: PreparedTraining, keep: bool, *, quiet: bool) -> Tuning:
    """Tune first, or use the finished tuning; its study is on disk and can be resumed."""
    from designspace.cli.output.live import watched

    tuning = ready.tunes
    assert tuning is not None
    command = ("designspace", *sys.argv[1:])
    request = tuning.request(ready.home / "tuning", command, keep_checkpoints=keep)
    outcome = watched(request, quiet=quiet)
    if outcome.interrupted:
        raise typer.Exit(outcome.exit_code)
    found = tuning.result(outcome.state)
    if not quiet:
        typer.echo(f"tuned ({found.budget}): {_chosen(found)}")
    return found


def _chosen(tuning: Tuning) -> str:
    values = ", ".join(f"{path} {value:g}" for path, value in tuning.values.items())
    best, own = (tuning.tried[number].top1 for number in (tuning.chosen, 0))
    said = "none" if own is None else f"{own:.2f}%"
    return f"{values}; validation top-1 {best:.2f}%, with the recipe's own values {said}"


def _train(
    begun: Callable[[], Run], tuning: Tuning | None, told: int, *, keep: bool, quiet: bool
) -> Record:
    """Train once; print the opening lines for `told` trainings unless `told` is 0."""
    from designspace.cli.output.opening import TrainingOpening
    from designspace.cli.output.progress import TrainingProgress
    from designspace.training.train import train as train_run

    command, run = ("designspace", *sys.argv[1:]), begun()
    opening = TrainingOpening(run, told) if told and not quiet else None
    try:
        with TrainingProgress(run.epochs, opening, quiet=quiet) as shown:
            return train_run(
                run, shown.on_epoch, shown.on_step, command=command, tuning=tuning,
                keep_checkpoints=keep,
            )  # fmt: skip
    except KeyboardInterrupt:
        said = f"stopped after {run.epoch} of {run.epochs} epochs ({run.directory})"
        with contextlib.suppress(OSError):  # the terminal was closed
            typer.echo(said, err=True)
        raise


def _show(records: dict[Path, Record], tuning: Tuning | None, *, as_json: bool) -> None:
    """Show the outcome of each training; any divergence is reported last, with exit code 4."""
    from designspace.cli.output.printing import print_json

    if as_json:
        runs = [_json(place, record) for place, record in records.items()]
        tuned = {"tuning": tuning.model_dump(mode="json")} if tuning else {}
        print_json(runs[0] if len(runs) == 1 and not tuned else {"runs": runs, **tuned})
    else:
        for place, record in records.items():
            for line in _lines(place, record):
                typer.echo(line)
    lost = [
        f"{place}: the training diverged {record.outcome.divergence}"
        for place, record in records.items()
        if record.outcome.state == "diverged"
    ]
    if lost:
        raise TrialsFailedError("; ".join(lost))


def _lines(place: Path, record: Record) -> list[str]:
    from designspace.records.readings import times_read
    from designspace.records.study.kept_files import WEIGHTS

    score = record.test
    if score is None:
        return []
    return [
        f"validation top-1 {record.top1:.2f}%; test {score} "
        f"({score.n:,} images, {times_read(record.times_tested)}, seed {record.seed})",
        f"weights: {place / WEIGHTS}",
    ]


def _json(place: Path, record: Record) -> dict[str, Any]:
    last = record.epochs[-1] if record.epochs else None
    return {
        "directory": str(place),
        "digest": record.spec.digest,
        "seed": record.seed,
        "outcome": record.outcome.model_dump(mode="json"),
        "validation": last and last.model_dump(mode="json"),
        "test": record.test and record.test.model_dump(mode="json"),
        "times_tested": record.times_tested,
    }
