"""The functions that run something: `train`, `search`, `bench`, `report`."""

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
    """Train a network with a recipe, then test it once; the same call resumes or reads the result.

    Args:
        spec: Name of a network (see `designspace.load`), plain data or a network; default: the
            network of `initial`.
        data: Images: a directory, a .zip, .npz or .tar file, Parquet files, or a torchvision name;
            default: `fashion-mnist-mini`, which is packaged.
        recipe: Name or YAML file of a recipe.
        changes: Changes to the network, values by dotted path.
        recipe_changes: Changes to the recipe, values by dotted path.
        input_size: Side of the training images in pixels; default: chosen for images and network.
        seed: Seed of weights, order and augmentation.
        device: `cpu`, `cuda`, `cuda:1`, or `auto`: a GPU if there is one.
        out: Directory of the run; default: one in `runs/train` named after everything that differs.
        initial: Weights to begin with: a file, a run's directory, `STUDY:TRIAL` or `timm:NAME`.
        compiled: Whether the network is compiled.
        keep_checkpoints: Whether checkpoints are kept when the run is over.
        download: Whether torchvision may download missing data.
        skip_broken: Whether unreadable images are left out, and counted.
        on_epoch: Callback after each epoch, first for the epochs of an earlier part of the run.

    Returns:
        The run. A diverged run is a result too: see `record.outcome`.

    Raises:
        InputError: An argument is wrong, or the directory holds another run.
        MachineError: Memory ran out, or the GPU is lost.
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
        space: Name of a space, a YAML file, plain data, or a space of `designspace.space`.
        data: Images, as for `train`.
        recipe: Name or YAML file of a recipe; default: the space's own, else `demo`.
        recipe_changes: Changes to the recipe, values by dotted path.
        input_size: Side of the training images in pixels; default: chosen for images and network.
        trials: Total number of trials, earlier ones included.
        seed: Seed of the proposals and of every training.
        study: Directory of the study; default: `runs/SPACE-RECIPE[-DATA]`.
        proposer: `tpe` (Optuna's) or `random` (uniform draws).
        scheduler: `asha`, which stops poor trials early, or `none`.
        eta: Factor of ASHA: the best 1/eta of a rung continue.
        executor: `ray`, or `local`: one trial at a time in this process.
        cpus_per_trial: CPUs and threads of each trial; default: 1.
        gpus_per_trial: GPUs of each trial: 1, a share, or 0; default: 1 if there is a GPU.
        device: `cpu`, `cuda`, or `auto`.
        download: Whether torchvision may download missing data.
        skip_broken: Whether unreadable images are left out, and counted.
        retest: Whether a new winner is tested even if the test split was read before.
        keep_checkpoints: Whether checkpoints are kept that nothing needs any more.
        observer: Callback for each event of the ledger and the state after it.

    Returns:
        The study, with its trials, its winner and its frontier; failed trials are included.

    Raises:
        InputError: An argument is wrong, or the directory holds another study.
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
    """Measure latency, throughput and memory, one row per network, mode and batch size.

    Args:
        specs: One network or several: names (see `designspace.load`), plain data, networks.
        changes: Changes to each network, values by dotted path.
        against: `timm`, or `timm:NAME`, to time timm's network of the same architecture
            alternately.
        mode: `infer`, `train`, or both.
        batch_size: Images per step: one number or several.
        input_size: Side of the image in pixels; default: as trained, else the spec's own.
        num_classes: Number of classes; default: as trained, else 1000.
        device: `cpu`, `cuda`, `cuda:1`, or `auto`.
        precision: `float32`, `bfloat16`, or on CUDA `float16`.
        layout: Memory layout of images and of convolution weights.
        compiled: Whether networks are compiled with `torch.compile`.
        rounds: Maximum number of measurements per row.
        seconds: Time limit per row, after at least three rounds.
        threads: CPU threads of torch; default: torch's own choice.

    Returns:
        All rows with device, conditions and versions; its `repr` is a short table.

    Raises:
        InputError: A network or a condition is wrong, or timm does not have the network.
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
        study: Study or its directory; default: the latest one in `runs`.
        population: Instead of a study: .parquet or .csv files of `designspace sample --out`.
        out: Folder for a population's report; default: one beside the file.

    Returns:
        The paths of the written files.

    Raises:
        InputError: There is no such study or file, or both a study and populations are given.
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
        raise InputError("a study's report is always written to the study's directory", path="out")
    directory = study.directory if isinstance(study, StudyResult) else study
    return write(Path(directory) if directory is not None else latest_study())


def _chosen(asked: Asked, before: Resources | None) -> Resources:
    """Choose the resources per trial; print a note to standard error if they may surprise."""
    choice = asked.choose(before)
    if choice.note:
        sys.stderr.write(f"{choice.note}\n")
    return choice.resources


def _silent(epoch: Epoch) -> None:
    """Show nothing."""
