"""`designspace search`: run a study of a space; the same command resumes it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from designspace.cli.input.options import (
    CpusPerTrialOption,
    DataOption,
    DeviceOption,
    DownloadOption,
    GpusPerTrialOption,
    JsonOption,
    KeepCheckpointsOption,
    RecipeSetOption,
    SkipBrokenOption,
    WorkingSizeOption,
)
from designspace.errors import TrialsFailedError

if TYPE_CHECKING:
    from designspace.images.data import Data
    from designspace.searching.plan import Plan
    from designspace.searching.request import Outcome, Request, Resources
    from designspace.searching.resources import Asked


def search(
    space: Annotated[str, typer.Option("--space", help="A catalog name or a YAML file.")] = "micro",
    recipe: Annotated[
        str | None,
        typer.Option(
            help="Recipe: a catalog name or a YAML file (default: the space's, else demo)."
        ),
    ] = None,
    recipe_changes: RecipeSetOption = None,
    data: DataOption = None,
    input_size: WorkingSizeOption = None,
    trials: Annotated[
        int, typer.Option(min=1, help="Total number of trials, including earlier ones.")
    ] = 16,
    seed: Annotated[
        int, typer.Option(min=0, max=2**62, help="Seed of the proposals and of every training.")
    ] = 0,
    study: Annotated[
        Path | None,
        typer.Option(help="Directory of the study (default: runs/SPACE-RECIPE[-DATA])."),
    ] = None,
    proposer: Annotated[
        Literal["tpe", "random"],
        typer.Option(help="How networks are proposed: Optuna's TPE, or uniform draws."),
    ] = "tpe",
    scheduler: Annotated[
        Literal["asha", "none"],
        typer.Option(help="Stop poor trials early (asha), or train all to the end (none)."),
    ] = "asha",
    eta: Annotated[
        int,
        typer.Option(min=2, help="Reduction factor of ASHA: the best 1/ETA of each rung continue."),
    ] = 2,
    executor: Annotated[
        Literal["ray", "local"],
        typer.Option(help="Ray Tune, or one trial at a time in this process."),
    ] = "ray",
    cpus_per_trial: CpusPerTrialOption = None,
    gpus_per_trial: GpusPerTrialOption = None,
    device: DeviceOption = "auto",
    download: DownloadOption = False,
    skip_broken: SkipBrokenOption = False,
    retest: Annotated[
        bool,
        typer.Option("--retest", help="Test a new winner even if the test split was read before."),
    ] = False,
    keep_checkpoints: KeepCheckpointsOption = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what would run and roughly how long it would take."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Search a space: train networks from it, stop poor ones early, test the winner once."""
    from designspace.cli.input import sizes
    from designspace.sampling.space import load_space

    found, changes = load_space(space), sizes.recipe_changes(recipe_changes, input_size)

    from designspace.api.search_plan import SearchPlan, with_recipe
    from designspace.searching.resources import Asked

    around, how = with_recipe(found, recipe, changes)
    plan = SearchPlan(
        space=around, recipe=how, data=data, trials=trials, seed=seed, study=study,
        proposer=proposer, scheduler=scheduler, eta=eta, download=download,
        asked=Asked(device, gpus_per_trial, cpus_per_trial, executor), skip_broken=skip_broken,
        retest=retest, keep_checkpoints=keep_checkpoints,
        command=("designspace", *sys.argv[1:]),
    )  # fmt: skip
    request, images = plan.prepared(resources)
    if dry_run:
        _dry_run(request, as_json=as_json)
        return
    run_search(request, images, as_json=as_json)


def run_search(request: Request, images: Data, *, as_json: bool) -> None:
    """Run a study under a live table and show its results; with `as_json`, without the table."""
    from designspace.cli.output.live import watched
    from designspace.cli.output.opening import SearchOpening
    from designspace.searching.starting.offered import offer

    offer(images, request.data.load)
    opening = None if as_json else SearchOpening(request, images)
    if opening is not None:
        typer.echo(opening.data_line)
    outcome = watched(request, opening, quiet=as_json)
    _show(outcome, as_json=as_json)


def resources(asked: Asked, before: Resources | None) -> Resources:
    """Return the resources per trial; a line on standard error reports limits that may surprise."""
    from designspace.cli.input.device import tell_unused

    choice = asked.choose(before)
    if choice.note:
        typer.echo(choice.note, err=True)
    elif before is None and asked.device == "auto" and choice.resources.device == "cpu":
        tell_unused()
    return choice.resources


def _show(outcome: Outcome, *, as_json: bool) -> None:
    """Show the results of the study, and end with the exit code for its outcome."""
    from designspace.cli.status import state_json, summary_lines

    directory, state = outcome.directory, outcome.state
    if as_json:
        from designspace.cli.output.printing import print_json

        facts = {"study": str(directory), "idle": outcome.idle, "notes": list(outcome.notes)}
        print_json({**facts, **state_json(directory, state)})
    else:
        if outcome.idle:
            typer.echo("nothing to do: the study is complete (a higher --trials extends it)")
        for line in (*outcome.notes, *summary_lines(directory, state), outcome.exhausted):
            if line:
                typer.echo(line)
        typer.echo(f"study: {directory}")
    if outcome.interrupted:
        raise typer.Exit(outcome.exit_code)
    if outcome.exit_code == TrialsFailedError.exit_code:
        raise TrialsFailedError(
            f"{state.count('failed', 'diverged')} of {len(state.trials)} trials failed; "
            f"their errors are in {directory}/trials/<number>/stderr.txt"
        )


def _dry_run(request: Request, *, as_json: bool) -> None:
    from dataclasses import asdict

    from designspace.cli.output.printing import print_json
    from designspace.searching.plan import plan

    found = plan(request)
    if as_json:
        print_json(asdict(found) | {"seconds": found.seconds, "study": str(request.directory)})
        return
    for line in _plan_lines(request, found):
        typer.echo(line)


def _plan_lines(request: Request, found: Plan) -> list[str]:
    from designspace.cli.output.duration import minutes
    from designspace.cli.output.opening import trials_words
    from designspace.reporting.drawing.numbers import macs_text

    limits = ", ".join(
        f"{limit.low or 0:,} to {limit.high or 'any'} {limit.cost}"
        if limit.high is None
        else f"{limit.low or 0:,} to {limit.high:,} {limit.cost}"
        for limit in request.space.limits
    )
    parallel = f"{trials_words(request)}, {request.executor}"
    varied = ", ".join(request.space.recipe_axes)
    lines = [
        f"space {request.space.name}: {found.points:,} combinations of {len(request.space.axes)} "
        f"axes{_counted(found)}; limits: {limits or 'none'}",
        f"base: {macs_text(found.base.macs)}, {found.base.params:,} params",
        f"recipe {request.recipe.name}"
        f"{f', each trial with its own {varied}' if varied else ''}: {found.epochs} epochs on "
        f"{request.data.train:,} images of {request.data.name}; "
        f"selection on {request.data.val:,}; "
        f"test of {request.data.test:,} read once",
        f"{found.trials} trials, {request.proposer}; compared after epochs "
        f"{', '.join(map(str, found.rungs)) or '- (never stopped early)'}",
        f"about {found.expected_epochs} epochs, at most {found.most_epochs}; {parallel}",
    ]
    if found.seconds is None:
        lines.append("not timed: the trials need a GPU, and this machine has none")
    else:
        timed = f"timed on {found.timed_on}"
        lines.append(f"roughly {minutes(found.seconds)}, start-up excluded, {timed}")
    return [*lines, f"study: {request.directory} (nothing was written)"]


def _counted(found: Plan) -> str:
    """Return how many networks there are to choose from, if it is known."""
    if found.networks is None:
        return ", not counted"
    within = "" if found.feasible is None else f", {found.feasible:,} of them within the limits"
    return f", {found.networks:,} distinct networks{within}"
