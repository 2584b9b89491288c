"""Files of a training that outlive it, and those that do not.

A training needs its checkpoints until it is over. Of one that is complete, its weights stay.
"""

from __future__ import annotations

from pathlib import Path

from designspace.records.study.state import Trial
from designspace.spec.documents.document import writing

TRIALS = "trials"
WEIGHTS = "weights.safetensors"
"""The trained weights of a run or a trial, with their spec and facts in the header."""
_CHECKPOINTS = ("checkpoint*", ".checkpoint*")
_FILES = (WEIGHTS, "metrics.csv", "record.json", "spec.yaml", "recipe.yaml")
_HALF_WRITTEN = (".checkpoint*", *(f".{name}.*" for name in _FILES))


def trial_directory(study: Path, trial: int) -> Path:
    """The directory of a trial within that of its study."""
    return study / TRIALS / str(trial)


def trial_weights(study: Path, trial: int) -> Path:
    """The file with the weights of a trial; it is there once the trial is complete."""
    return trial_directory(study, trial) / WEIGHTS


def checkpoints(directory: Path) -> list[Path]:
    """The checkpoints of a training's directory, those included that were not written whole."""
    return _matching(directory, _CHECKPOINTS)


def _matching(directory: Path, patterns: tuple[str, ...]) -> list[Path]:
    return [path for pattern in patterns for path in sorted(directory.glob(pattern))]


def remove_checkpoints(directory: Path) -> None:
    """Delete the checkpoints of a training that is over, and what a killed process left of files.

    Raises:
        InputError: The system refuses.
    """
    _remove(checkpoints(directory))
    remove_half_written(directory)


def remove_half_written(directory: Path) -> None:
    """Delete temporary files of a training that a killed process left; their names are random.

    Raises:
        InputError: The system refuses.
    """
    _remove(_matching(directory, _HALF_WRITTEN))


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with writing(path):
            path.unlink(missing_ok=True)


def lacks_weights(study: Path, trial: Trial) -> bool:
    """Whether a trial is complete and has no weights, but a checkpoint to rebuild them from."""
    if trial.state != "complete" or trial_weights(study, trial.number).is_file():
        return False
    return bool(checkpoints(trial_directory(study, trial.number)))
