"""Files of the trials that are over: weights stay, checkpoints go.

A trial is over once nothing starts it again: it is complete, was stopped, diverged, or failed for
good. A complete trial that lost its weights and has a checkpoint gets them rebuilt from it first.
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
    """Deletes checkpoints in time, and knows of which trials weights must be rebuilt."""

    def __init__(self, study: Path, *, keep_checkpoints: bool) -> None:
        """Look after the trials in the directory of a study."""
        self._study, self._keep_checkpoints = study, keep_checkpoints
        self._waiting: deque[int] = deque()
        self._rebuilding: set[int] = set()

    @property
    def idle(self) -> bool:
        """Whether no weights are still to be rebuilt."""
        return not self._waiting and not self._rebuilding

    def take_over(self, trial: Trial) -> None:
        """Look after a trial that is over.

        Raises:
            InputError: The system refuses to delete its files.
        """
        if trial.state != "complete":  # a worker may have died between its weights and its report
            with writing(trial_weights(self._study, trial.number)):
                trial_weights(self._study, trial.number).unlink(missing_ok=True)
        if lacks_weights(self._study, trial):
            self._waiting.append(trial.number)
        else:
            self._clear(trial.number)

    def next(self) -> int | None:
        """The next trial whose weights are to be rebuilt; None where there is none."""
        if not self._waiting:
            return None
        number = self._waiting.popleft()
        self._rebuilding.add(number)
        return number

    def rebuilds(self, number: int) -> bool:
        """Whether the weights of a trial are being rebuilt now."""
        return number in self._rebuilding

    def again(self, number: int) -> None:
        """Queue the rebuilding of a trial's weights once more."""
        self._rebuilding.remove(number)
        self._waiting.append(number)

    def rebuilt(self, number: int) -> None:
        """The weights of a trial are on disk: nothing needs its checkpoints any more."""
        self._rebuilding.remove(number)
        self._clear(number)

    def _clear(self, number: int) -> None:
        if not self._keep_checkpoints:
            remove_checkpoints(trial_directory(self._study, number))
