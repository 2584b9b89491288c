"""`designspace score`: zero-cost scores of untrained networks, or of all trials of a study."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from designspace.cli.input.options import (
    NAMES,
    DataOption,
    DeviceOption,
    DownloadOption,
    JsonOption,
    SetOption,
    SkipBrokenOption,
)
from designspace.errors import InputError, StoppedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from designspace.images.data import Data
    from designspace.records.measured.zero_cost import NetworkScores, ScoreRecord
    from designspace.spec.network.network import Network
    from designspace.zero_cost import Settings


def score(
    specs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SPEC]...", help=f"Networks, each {NAMES}."),
    ] = None,
    changes: SetOption = None,
    study: Annotated[
        Path | None,
        typer.Option(
            help="Finished study whose trials are scored: writes zero_cost.csv and zero_cost.json "
            "beside its ledger and shows how well each score ranks the trials."
        ),
    ] = None,
    names: Annotated[
        str | None, typer.Option(help="Scores to compute, separated by commas (default: all).")
    ] = None,
    data: DataOption = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            help="Recipe that initialises the weights: a name or a YAML file (default: demo, or "
            "the study's).",
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Number of images in the mini-batch.")] = 64,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=2**62,
            help="Seed of weights and mini-batch (default: 0, or the study's).",
        ),
    ] = None,
    repeats: Annotated[
        int,
        typer.Option(help="Measurements per score, each with new weights and images."),
    ] = 3,
    device: DeviceOption = "auto",
    download: DownloadOption = False,
    skip_broken: SkipBrokenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Score untrained networks with zero-cost proxies. They do not replace training."""
    wanted = names.split(",") if names is not None else None
    theirs = {"--set": changes, "--data": data, "--recipe": recipe}
    _require_one(specs, study, {**theirs, "--download": download, "--skip-broken": skip_broken})

    from designspace.cli.input import sizes
    from designspace.cli.input.device import chosen
    from designspace.cli.input.networks import find
    from designspace.spec.recipe.recipe import load_recipe
    from designspace.zero_cost import Settings

    networks = [find(spec, changes, quiet=as_json).spec for spec in specs or ()]
    size = sizes.changed_size(changes, networks[0].input_size) if networks else None
    how = Settings(
        batch_size=batch_size,
        repeats=repeats,
        recipe=load_recipe(recipe or "demo", sizes.recipe_changes(None, size)),
        device=chosen(device),
    )
    if study is not None:
        _study(study, seed, wanted, how, as_json=as_json)
        return
    options = {"download": download, "skip_broken": skip_broken}
    found = _score(networks, _loaded(networks, data, how, options), seed or 0, wanted, how)
    if as_json:
        from designspace.cli.output.printing import print_json

        print_json(found.model_dump(mode="json"))
        return
    from designspace.cli.output.score_tables import print_networks

    print_networks(found)


def _require_one(
    specs: list[str] | None, study: Path | None, theirs: dict[str, object | None]
) -> None:
    """Require networks or a study, and no options that a study sets itself."""
    if not specs and study is None:
        raise InputError("no network is named", hint="name one or more, or a study with --study")
    if study is None:
        return
    given = ["SPEC"] if specs else [name for name, value in theirs.items() if value]
    if given:
        raise InputError(f"{given[0]} cannot be combined with --study, which uses the study's own")


def _loaded(
    networks: Sequence[Network], source: str | None, how: Settings, options: dict[str, bool]
) -> list[Data]:
    """Load the data of each network, once per size to which images may be decoded."""
    from designspace.images.sizes import decoding_size
    from designspace.zero_cost.score import task_data

    known: dict[int | str, Data] = {}
    sizes = [decoding_size(network, how.training) for network in networks]
    for size, network in zip(sizes, networks, strict=True):
        if size not in known:
            known[size] = task_data(source, network, how, **options)
    return [known[size] for size in sizes]


def _score(
    networks: Sequence[Network],
    data: Sequence[Data],
    seed: int,
    names: list[str] | None,
    how: Settings,
) -> ScoreRecord:
    from designspace.zero_cost.registry import chosen
    from designspace.zero_cost.score import Task, measure, record

    scores = chosen(names)
    found: list[NetworkScores] = []
    tasks = [Task(images, how, seed) for images in data]
    try:
        for done, (network, task) in enumerate(zip(networks, tasks, strict=True)):
            _progress(done, len(networks))
            found.append(measure(network, task, scores))
    except KeyboardInterrupt:
        raise StoppedError("interrupted; nothing is kept") from None
    return record(found, tasks[0], scores, _command())


def _study(
    directory: Path, seed: int | None, names: list[str] | None, how: Settings, *, as_json: bool
) -> None:
    from designspace.cli.output.printing import print_json
    from designspace.cli.output.score_tables import print_rankings
    from designspace.zero_cost.study import score_study, write

    try:
        found = score_study(
            directory,
            seed=seed,
            names=names,
            settings=how,
            command=_command(),
            on_trial=_progress,
        )
        files = write(directory, found)
    except KeyboardInterrupt:
        raise StoppedError("interrupted; nothing was written") from None
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print_rankings(found)
    for path in files:
        typer.echo(str(path))


def _command() -> str:
    return shlex.join(["designspace", *sys.argv[1:]])


def _progress(done: int, of: int) -> None:
    """Show the progress if standard error is a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{done} of {of} networks\r" if done < of else "\r\033[K")
