"""The result of a training: a separate run or a trial of a study, with its network and weights.

Both classes read the files on disk. `spec` is the network, `record` everything that was recorded,
and `build()` returns the module with the trained weights.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designspace.errors import InputError
from designspace.figures import Point, frame, page, staircase, table
from designspace.records.as_record import record_of_trial
from designspace.records.run import Record
from designspace.records.study.kept_files import WEIGHTS, trial_directory
from designspace.records.study.state import Trial
from designspace.records.study.study import Study
from designspace.records.training import Epoch, Score
from designspace.spec.network.load import load
from designspace.spec.network.network import Network

if TYPE_CHECKING:
    from designspace.compiler import BuiltNetwork

_EPOCHS = ["epoch", "train_loss", "loss", "top1", "top5", "lr", "seconds"]


class Trained(ABC):
    """The common part of runs and trials.

    Attributes:
        name: Name for every command.
        directory: Directory with the files.
    """

    def __init__(self, name: str, directory: Path) -> None:
        self.name, self.directory = name, directory

    @property
    @abstractmethod
    def record(self) -> Record:
        """Network, recipe, data, device and outcome of the training."""

    @property
    def weights(self) -> Path | None:
        """File with the trained weights; None if there are none (yet)."""
        file = self.directory / WEIGHTS
        return file if file.is_file() else None

    @cached_property
    def spec(self) -> Network:
        """The network that was trained.

        Raises:
            InputError: The network needs a plug-in that is not loaded.
        """
        return load(self.record.spec.authored)

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """Measurements on the validation split, one entry per epoch."""
        return self.record.epochs

    @property
    def top1(self) -> float | None:
        """Validation top-1 in percent after the last epoch; None before the first."""
        return self.record.top1

    @property
    def test(self) -> Score | None:
        """The first reading of the test split; None if it was not read."""
        return self.record.test

    def build(self) -> BuiltNetwork:
        """Build the network as a torch module in evaluation mode, with its trained weights.

        Its classes, input channels and input size are those of the training.

        Raises:
            InputError: There are no weights; the message says why.
        """
        if self.weights is None:
            raise InputError(
                f"{self.name} has no trained weights: it is {self.record.outcome.state}",
                hint="designspace.build(result.spec) builds the network with initial weights",
            )
        from designspace.exporting.ready import ready

        return ready(self.weights).model

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per epoch, as plain data."""
        return [epoch.model_dump(include=set(_EPOCHS)) for epoch in self.epochs]

    def to_pandas(self) -> Any:
        """Return `rows()` as a `pandas.DataFrame`.

        Raises:
            InputError: pandas is not installed.
        """
        return frame(self.rows())

    def __repr__(self) -> str:
        top1 = "no score yet" if self.top1 is None else f"top-1 {self.top1:.2f}"
        tested = "" if self.test is None else f", test {self.test.top1:.2f}"
        state, done = self.record.outcome.state, len(self.epochs)
        return f"<{type(self).__name__} {self.name}: {state}, {done} epochs, {top1}{tested}>"

    def _repr_html_(self) -> str:
        """Return HTML for notebooks: top-1 from epoch to epoch."""
        points = [Point(f"epoch {e.epoch}", e.top1) for e in self.epochs if e.top1 == e.top1]
        cells = [[f"{row[key]:.4g}" if row[key] is not None else "-" for key in _EPOCHS]
                 for row in self.rows()]  # fmt: skip
        return page(repr(self), staircase(points[-20:]), table(_EPOCHS, cells))


class RunResult(Trained):
    """A separate training; its directory holds `record.json`, `metrics.csv` and the weights."""

    def __init__(self, directory: Path, record: Record) -> None:
        super().__init__(str(directory), directory)
        self._record = record

    @property
    def record(self) -> Record:
        """Network, recipe, data, device and outcome of the training."""
        return self._record


class TrialResult(Trained):
    """A trial of a study; its name is `STUDY:NUMBER`.

    Attributes:
        study: Study as it was read.
        trial: Trial in the ledger, with `point`, `changes`, `params`, `macs`, `acts`.
    """

    def __init__(self, study: Study, trial: Trial) -> None:
        directory = trial_directory(study.directory, trial.number)
        super().__init__(f"{study.directory}:{trial.number}", directory)
        self.study, self.trial = study, trial

    @property
    def number(self) -> int:
        """Number of the trial in the study, from 0, which is the base network."""
        return self.trial.number

    @property
    def record(self) -> Record:
        """Network, recipe, data, device and outcome of the training."""
        return self._known

    @cached_property
    def _known(self) -> Record:
        return record_of_trial(self.study, self.trial)

    @property
    def state(self) -> str:
        """Status of the trial, in the ledger's words."""
        return self.trial.state

    @property
    def point(self) -> Mapping[str, str]:
        """The choice of each axis."""
        return self.trial.point

    @property
    def top1(self) -> float | None:
        """Validation top-1 in percent after the last epoch; None before the first."""
        return self.trial.top1

    @property
    def params(self) -> int:
        """Number of learnable parameters."""
        return self.trial.params

    @property
    def macs(self) -> int:
        """Multiply-adds for one image."""
        return self.trial.macs

    @property
    def acts(self) -> int:
        """Number of output elements of the layers with multiply-adds, for one image."""
        return self.trial.acts

    def __repr__(self) -> str:
        top1 = "no score yet" if self.top1 is None else f"top-1 {self.top1:.2f}"
        return f"<TrialResult {self.name}: {self.state}, {top1}, {self.macs / 1e6:.3f} MMACs>"
