"""The files of ended trials: weights are kept, checkpoints are deleted.

A trial is over once nothing starts it again: it is complete, was stopped, diverged, or failed for
good. If a complete trial lost its weights but has a checkpoint, the weights are rebuilt first.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

from designspace.records.study.kept_files import (
    lacks_weights,
    remove_checkpoints,
    trial_directory,
    trial_weights,
)
from designspace.records.study.state import Trial
from designspace.spec.documents.document import writing


class Keeper:
    """Deletes the checkpoints of ended trials, and queues the trials with weights to rebuild."""

    def __init__(self, study: Path, *, keep_checkpoints: bool) -> None:
        """Prepare to manage the files of the trials in the directory of a study."""
        self._study, self._keep_checkpoints = study, keep_checkpoints
        self._waiting: deque[int] = deque()
        self._rebuilding: set[int] = set()

    @property
    def idle(self) -> bool:
        """Whether no weights remain to be rebuilt."""
        return not self._waiting and not self._rebuilding

    def take_over(self, trial: Trial) -> None:
        """Delete the checkpoints of a trial that is over, or queue it to have its weights rebuilt.

        Weights of a trial that is not complete are deleted; `keep_checkpoints` keeps checkpoints.

        Raises:
            InputError: A file cannot be deleted.
        """
        if trial.state != "complete":  # a worker may have died after it wrote weights
            with writing(trial_weights(self._study, trial.number)):
                trial_weights(self._study, trial.number).unlink(missing_ok=True)
        if lacks_weights(self._study, trial):
            self._waiting.append(trial.number)
        else:
            self._clear(trial.number)

    def next(self) -> int | None:
        """Return the next trial with weights to rebuild; None if there is none."""
        if not self._waiting:
            return None
        number = self._waiting.popleft()
        self._rebuilding.add(number)
        return number

    def rebuilds(self, number: int) -> bool:
        """Return whether the weights of a trial are being rebuilt now."""
        return number in self._rebuilding

    def again(self, number: int) -> None:
        """Queue the rebuilding of a trial's weights again."""
        self._rebuilding.remove(number)
        self._waiting.append(number)

    def rebuilt(self, number: int) -> None:
        """Delete the checkpoints of a trial whose weights were rebuilt, unless all are kept."""
        self._rebuilding.remove(number)
        self._clear(number)

    def _clear(self, number: int) -> None:
        if not self._keep_checkpoints:
            remove_checkpoints(trial_directory(self._study, number))
