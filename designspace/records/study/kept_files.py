"""The files of a training: those that are kept, and those that are temporary.

A training needs its checkpoints until it is over. A complete training keeps its weights.
"""

from __future__ import annotations

from pathlib import Path

from designspace.records.study.state import Trial
from designspace.spec.documents.document import writing

TRIALS = "trials"
WEIGHTS = "weights.safetensors"
"""Trained weights of a run or a trial, with their spec and facts in the header."""
_CHECKPOINTS = ("checkpoint*", ".checkpoint*")
_FILES = (WEIGHTS, "metrics.csv", "record.json", "spec.yaml", "recipe.yaml")
_HALF_WRITTEN = (".checkpoint*", *(f".{name}.*" for name in _FILES))


def trial_directory(study: Path, trial: int) -> Path:
    """Return the directory of a trial within that of its study."""
    return study / TRIALS / str(trial)


def trial_weights(study: Path, trial: int) -> Path:
    """Return the path of a trial's weights; the file exists once the trial is complete."""
    return trial_directory(study, trial) / WEIGHTS


def checkpoints(directory: Path) -> list[Path]:
    """Return the checkpoints in a training's directory, including partially written ones."""
    return _matching(directory, _CHECKPOINTS)


def _matching(directory: Path, patterns: tuple[str, ...]) -> list[Path]:
    return [path for pattern in patterns for path in sorted(directory.glob(pattern))]


def remove_checkpoints(directory: Path) -> None:
    """Delete the checkpoints of a training that is over, and temporary files of a killed process.

    Raises:
        InputError: A file cannot be deleted.
    """
    _remove(checkpoints(directory))
    remove_half_written(directory)


def remove_half_written(directory: Path) -> None:
    """Delete the temporary files that a killed process left; their names are random.

    Raises:
        InputError: A file cannot be deleted.
    """
    _remove(_matching(directory, _HALF_WRITTEN))


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with writing(path):
            path.unlink(missing_ok=True)


def lacks_weights(study: Path, trial: Trial) -> bool:
    """Return whether a trial is complete and has a checkpoint, but no weights file."""
    if trial.state != "complete" or trial_weights(study, trial.number).is_file():
        return False
    return bool(checkpoints(trial_directory(study, trial.number)))
