"""The job of a trial, which a worker trains, and the job's own files."""

from __future__ import annotations

from pathlib import Path

from designspace.plugins import active
from designspace.records.facts import SpecFacts
from designspace.records.study.kept_files import trial_directory
from designspace.records.study.state import Trial
from designspace.searching.request import Request
from designspace.searching.trials.trainable import Failure, Job
from designspace.spec.documents.document import write_yaml_atomic, writing


def job_of(request: Request, trial: Trial) -> Job:
    """Return the complete description of a trial's training."""
    study = request.directory.absolute()
    return Job(
        spec=SpecFacts.of(request.space.spec(trial.point)),
        recipe=request.recipe_of(trial.point),
        data=request.data,
        seed=request.seed,
        device=request.resources.device,
        threads=request.resources.cpus,
        directory=trial_directory(study, trial.number),
        gpus=request.resources.gpus,
        about={"study": study.name, "trial": trial.number},
        plugins=tuple(plugin for plugin in active().values() if plugin.source),
    )


def write_authored(job: Job) -> None:
    """Write `spec.yaml` and `recipe.yaml` into the directory of a trial.

    Raises:
        InputError: The disk is full or not writable.
    """
    write_yaml_atomic(job.directory / "spec.yaml", job.spec.authored)
    write_yaml_atomic(job.directory / "recipe.yaml", job.recipe.full)


def write_trace(study: Path, trial: Trial, failure: Failure) -> Path:
    """Add the traceback of a failure to the trial's `stderr.txt`, and return that file.

    Raises:
        InputError: The disk is full or not writable.
    """
    path = trial_directory(study, trial.number) / "stderr.txt"
    with writing(path), path.open("a", encoding="utf-8") as file:
        file.write(f"attempt {trial.attempt}, after epoch {trial.epochs}\n{failure.trace}\n")
    return path
