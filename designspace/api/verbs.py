"""The verbs that run something: `train`, `search`, `bench`, `report`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from designspace.api.results import RunResult
from designspace.api.sizes import with_size
from designspace.api.study import StudyResult
from designspace.spec.network.load import Source

if TYPE_CHECKING:
    from designspace.benchmarking import SpeedRecord
    from designspace.records.training import Epoch
    from designspace.reporting.population.outputs import Outputs as PopulationOutputs
    from designspace.reporting.study.outputs import Outputs
    from designspace.searching.request import Observer, Resources
    from designspace.searching.resources import Asked
    from designspace.spec.space.space import Space

_COMMAND = ("python", "designspace")
Changes = Mapping[str, Any]


def train(
    spec: Source | None = None,
    *,
    data: str | Path | None = None,
    recipe: str | Path = "demo",
    changes: Changes | None = None,
    recipe_changes: Changes | None = None,
    input_size: int | None = None,
    seed: int = 0,
    device: str = "auto",
    out: str | Path | None = None,
    initial: str | Path | None = None,
    compiled: bool = False,
    keep_checkpoints: bool = False,
    download: bool = False,
    skip_broken: bool = False,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> RunResult:
    """Train a network by a recipe, then test it once; the same call resumes, or reads the result.

    Args:
        spec: Any name of a network (see `designspace.load`), plain data or a network; of `initial`
            by default.
        data: Images: a directory, a .zip, .npz or .tar file, Parquet files, or a torchvision name;
            `fashion-mnist-mini`, which is packaged, by default.
        recipe: A recipe's name or YAML file.
        changes: Changes to the network, values by dotted path.
        recipe_changes: Changes to the recipe, likewise.
        input_size: Side of the training images in pixels; what suits images and network by default.
        seed: Of weights, order and augmentation.
        device: `cpu`, `cuda`, `cuda:1`, or `auto`: a GPU where there is one.
        out: The run's directory; one in `runs/train` that is named after everything by default.
        initial: Weights to begin with: a file, a run's directory, `STUDY:TRIAL` or `timm:NAME`.
        compiled: Whether the network is compiled.
        keep_checkpoints: Whether checkpoints stay when the run is over.
        download: Whether torchvision may fetch what is not on disk.
        skip_broken: Whether unreadable images are left out, and counted.
        on_epoch: Called after each epoch, those of an earlier part of the run first.

    Returns:
        The run. One that diverged is a result too: see `record.outcome`.

    Raises:
        InputError: Something in the arguments is wrong, or the directory holds another run.
        MachineError: Memory ended, or the GPU is lost.
        DesignspaceError: The training failed in another way.
    """
    from designspace.api.training_plan import TrainingPlan
    from designspace.compiler.device import choose
    from designspace.errors import InputError
    from designspace.naming import load
    from designspace.spec.recipe.recipe import load_recipe
    from designspace.training.distributed import joined
    from designspace.training.train import train as train_run

    source = spec if spec is not None else initial
    if source is None:
        raise InputError("no network is named", hint="give `spec`, or trained weights as `initial`")
    network = load(source, changes)
    own_size = network.input_size if "input_size" in (changes or {}) else None
    altered = with_size(recipe_changes or {}, input_size, own_size)
    plan = TrainingPlan(
        network=network, recipe=load_recipe(recipe, altered, network=network.name),
        device=choose(device), data=None if data is None else str(data), seed=seed,
        out=None if out is None else Path(out), initial=None if initial is None else str(initial),
        compiled=compiled, download=download, skip_broken=skip_broken,
    )  # fmt: skip
    ready = plan.prepared()
    ((_, directory),) = ready.runs()
    with joined(plan.device) as (group, own):
        run = ready.run(seed, directory, group, own)
        record = train_run(
            run, on_epoch or _silent, command=_COMMAND, keep_checkpoints=keep_checkpoints
        )
    return RunResult(directory, record)


def search(
    space: str | Path | Mapping[str, Any] | Space = "micro",
    *,
    data: str | Path | None = None,
    recipe: str | Path | None = None,
    recipe_changes: Changes | None = None,
    input_size: int | None = None,
    trials: int = 16,
    seed: int = 0,
    study: str | Path | None = None,
    proposer: Literal["tpe", "random"] = "tpe",
    scheduler: Literal["asha", "none"] = "asha",
    eta: int = 2,
    executor: Literal["ray", "local"] = "ray",
    cpus_per_trial: int | None = None,
    gpus_per_trial: float | None = None,
    device: str = "auto",
    download: bool = False,
    skip_broken: bool = False,
    retest: bool = False,
    keep_checkpoints: bool = False,
    observer: Observer | None = None,
) -> StudyResult:
    """Search a space: train networks from it, stop poor ones early, test the winner once.

    The same call resumes the study, or finds it complete; a higher total extends it. Call it from
    the main thread, which handles the signals that stop a study.

    Args:
        space: A space's name, YAML file, plain data, or a space of `designspace.space`.
        data: As of `train`.
        recipe: A recipe's name or YAML file; the space's own, else `demo`, by default.
        recipe_changes: Changes to the recipe, values by dotted path.
        input_size: Side of the training images in pixels; what suits images and network by default.
        trials: Trials in all, earlier ones included.
        seed: Of the proposals and of every training.
        study: The study's directory; `runs/SPACE-RECIPE[-DATA]` by default.
        proposer: `tpe`, Optuna's, or `random`, uniform draws.
        scheduler: `asha`, which stops poor trials early, or `none`.
        eta: ASHA lets the best 1/eta of a rung go on.
        executor: `ray`, or `local`: one trial at a time in this process.
        cpus_per_trial: CPUs of each trial, which are its threads; 1 by default.
        gpus_per_trial: GPUs of each trial: 1, a share, or 0; 1 by default where there is a GPU.
        device: `cpu`, `cuda`, or `auto`.
        download: Whether torchvision may fetch what is not on disk.
        skip_broken: Whether unreadable images are left out, and counted.
        retest: Whether a new winner is tested though the test split was read before.
        keep_checkpoints: Whether checkpoints stay that nothing needs any more.
        observer: Called with each event of the ledger and the state after it.

    Returns:
        The study, with its trials, its winner and its frontier. Failed trials are in it, too.

    Raises:
        InputError: Something in the arguments is wrong, or the directory holds another study.
        InfeasibleError: No network of the space is within its limits; nothing was written.
    """
    from designspace.api.search_plan import SearchPlan, with_recipe
    from designspace.sampling.space import load_space
    from designspace.searching.request import silent
    from designspace.searching.resources import Asked
    from designspace.searching.starting.offered import offer
    from designspace.searching.study import run_study

    found = load_space(space) if isinstance(space, str | Path | Mapping) else space
    around, chosen = with_recipe(found, recipe, with_size(recipe_changes or {}, input_size))
    plan = SearchPlan(
        space=around, recipe=chosen, data=None if data is None else str(data), trials=trials,
        seed=seed, study=None if study is None else Path(study), proposer=proposer,
        scheduler=scheduler, eta=eta, download=download, skip_broken=skip_broken, retest=retest,
        asked=Asked(device, gpus_per_trial, cpus_per_trial, executor), command=_COMMAND,
        keep_checkpoints=keep_checkpoints,
    )  # fmt: skip
    request, images = plan.prepared(_chosen)
    offer(images, request.data.load)
    outcome = run_study(request, observer or silent)
    notes = (*outcome.notes, *([outcome.exhausted] if outcome.exhausted else []))
    return StudyResult(outcome.directory, notes, outcome.interrupted)


def bench(
    specs: Source | Sequence[Source],
    *,
    changes: Changes | None = None,
    against: str | None = None,
    mode: Literal["infer", "train"] | Sequence[Literal["infer", "train"]] = "infer",
    batch_size: int | Sequence[int] = (1, 8),
    input_size: int | None = None,
    num_classes: int | None = None,
    device: str = "auto",
    precision: Literal["float32", "bfloat16", "float16"] = "float32",
    layout: Literal["channels_last", "contiguous"] = "channels_last",
    compiled: bool = False,
    rounds: int = 30,
    seconds: float = 20.0,
    threads: int | None = None,
) -> SpeedRecord:
    """Measure how fast networks are: latency, throughput, memory; one row per batch size.

    Args:
        specs: A network, or several: any names (see `designspace.load`), plain data, networks.
        changes: Values by dotted path to change in each.
        against: `timm`, or `timm:NAME`, to time timm's network of the same architecture in turn.
        mode: `infer`, `train`, or both.
        batch_size: Images per step: one number or several.
        input_size: Side of the image in pixels; as trained, else the spec's own, by default.
        num_classes: Number of classes; as trained, else 1000, by default.
        device: `cpu`, `cuda`, `cuda:1`, or `auto`.
        precision: `float32`, `bfloat16`, or on CUDA `float16`.
        layout: Memory layout of images and of convolution weights.
        compiled: Whether networks go through `torch.compile`.
        rounds: Measurements per row at most.
        seconds: Time limit per row, after at least three rounds.
        threads: Of torch on the CPU; its own choice by default.

    Returns:
        All rows with device, conditions and versions; its `repr` is a short table.

    Raises:
        InputError: A network or a condition is wrong, or timm has no such network.
    """
    from designspace.benchmarking import Settings
    from designspace.benchmarking import bench as measure
    from designspace.compiler.device import choose

    settings = Settings(
        modes=(mode,) if isinstance(mode, str) else tuple(mode),  # pyright: ignore[reportArgumentType]
        batch_sizes=(batch_size,) if isinstance(batch_size, int) else tuple(batch_size),
        input_size=input_size, num_classes=num_classes, device=choose(device), precision=precision,
        layout=layout, compiled=compiled, rounds=rounds, seconds=seconds, threads=threads,
    )  # fmt: skip
    command = " ".join((*_COMMAND, "bench"))
    return measure(specs, settings, changes=changes, against=against, command=command)


def report(
    study: str | Path | StudyResult | None = None,
    *,
    population: str | Path | Sequence[str | Path] | None = None,
    out: str | Path | None = None,
) -> Outputs | PopulationOutputs:
    """Write the page, the pictures and the tables of a study, or of populations.

    Args:
        study: A study, or its directory; the latest in `runs` by default.
        population: Instead of a study: .parquet or .csv files of `designspace sample --out`.
        out: The folder for a population's report; one beside the file by default.

    Returns:
        The paths of what was written.

    Raises:
        InputError: There is no such study or file, or a study and populations are given.
    """
    from designspace.errors import InputError
    from designspace.records.study.study import latest_study
    from designspace.reporting import write

    if population is not None and study is not None:
        raise InputError("a study or populations, not both", path="population")
    if population is not None:
        from designspace.reporting.population.writing import write as write_population

        listed = [population] if isinstance(population, str | Path) else population
        return write_population([Path(p) for p in listed], None if out is None else Path(out))
    if out is not None:
        raise InputError("a study's report stands in its directory", path="out")
    directory = study.directory if isinstance(study, StudyResult) else study
    return write(Path(directory) if directory is not None else latest_study())


def _chosen(asked: Asked, before: Resources | None) -> Resources:
    """What each trial gets; a line on standard error says what the caller may not expect."""
    choice = asked.choose(before)
    if choice.note:
        sys.stderr.write(f"{choice.note}\n")
    return choice.resources


def _silent(epoch: Epoch) -> None:
    """Show nothing."""
