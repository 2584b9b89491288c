"""The training of a trial: a run whose weights are saved with the facts of its study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from designspace.records.training import Epoch, Score
from designspace.searching.trials.trainable import Progress
from designspace.training.finished_weights import keep, restore
from designspace.training.run import Run


@dataclass(frozen=True, slots=True)
class TrialRun:
    """A run with the interface for executors.

    Attributes:
        run: Training.
        about: Facts for its weights: the study and the number of the trial.
    """

    run: Run
    about: Mapping[str, Any]

    @property
    def epoch(self) -> int:
        """Number of complete epochs."""
        return self.run.epoch

    @property
    def history(self) -> Sequence[Epoch]:
        """The measurements of the complete epochs."""
        return self.run.history

    @property
    def fallback(self) -> str | None:
        """Reason why the newest checkpoint was skipped; None if it was not."""
        return self.run.fallback

    def resume(self) -> int:
        """Restore the last valid checkpoint; return the complete epochs."""
        return self.run.resume()

    def train_epoch(self, progress: Progress | None = None) -> Epoch:
        """Train and validate one epoch, and write its checkpoint."""
        return self.run.train_epoch(progress)

    def keep(self) -> None:
        """Write the weights with their facts."""
        keep(self.run, **self.about)

    def restore(self) -> bool:
        """Load the saved weights; return False if there are none."""
        return restore(self.run)

    def test(self) -> Score:
        """Measure on the test split."""
        return self.run.test()
