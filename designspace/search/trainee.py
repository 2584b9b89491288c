"""What an executor needs of a training, and one attempt at it inside a worker.

The worker's side is the same for all executors: plain data comes in, plain data goes out, and a
training that fails is an answer like any other, so that no executor has failure rules of its own.
"""

from __future__ import annotations

import errno
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from designspace.errors import DivergedError, InputError
from designspace.records.training import Divergence, Epoch, Score

Progress = Callable[[int, int], None]


class Trainee(Protocol):
    """A training that goes on epoch by epoch and keeps a checkpoint an epoch."""

    @property
    def epoch(self) -> int:
        """Epochs done."""
        ...

    @property
    def history(self) -> Sequence[Epoch]:
        """The epochs done, as they were measured; restored with the checkpoint."""
        ...

    def resume(self) -> int:
        """Restore the last valid checkpoint; returns the epochs done, 0 where there is none."""
        ...

    def train_epoch(self, progress: Progress | None = None) -> Epoch:
        """Train and validate one epoch, and keep its checkpoint.

        `progress` is called after each step with the steps done and the steps of an epoch.
        """
        ...

    def test(self) -> Score:
        """Measure on the test split."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that makes a training, as plain data.

    Attributes:
        spec: the authored form of the network.
        recipe: the recipe in full.
        data: where the images come from, as the factory understands it.
        seed: of initialisation and data order; the same for all trials of a study.
        device: "cpu", "cuda", ...
        threads: CPU threads the training may use.
        directory: the trial's own.
    """

    spec: Mapping[str, Any]
    recipe: Mapping[str, Any]
    data: Mapping[str, Any]
    seed: int
    device: str
    threads: int
    directory: Path


Factory = Callable[[Job], Trainee]


@dataclass(frozen=True, slots=True)
class Failure:
    """A training that raised: one line for the ledger, the traceback for the trial's directory.

    `hopeless` where every other trial would fail alike: the data are wrong, or the disk is full.
    `divergence` where the training itself came to no number.
    """

    error: str
    trace: str
    hopeless: bool = False
    divergence: Divergence | None = None


class Attempt:
    """One attempt at a trial inside a worker; a step answers with what there is to report."""

    def __init__(self, factory: Factory, job: Job, recorded: int, *, test: bool = False) -> None:
        """Take a job of which `recorded` epochs are in the ledger already."""
        self._factory, self._job, self._reported, self._test = factory, job, recorded, test
        self._trainee: Trainee | None = None

    def step(self) -> Epoch | Score | Failure:
        """The next epoch: from the checkpoint where it is there already, else trained.

        A test trains what the checkpoint lacks, if anything, and answers with the score.

        This is the one place that takes any exception: whatever a training raises ends this
        attempt, not the study.
        """
        try:
            return self._score() if self._test else self._next()
        except Exception as error:
            return failure(error)

    def _next(self) -> Epoch:
        self._reported += 1
        return self._trained(self._reported).history[self._reported - 1]

    def _score(self) -> Score:
        return self._trained(self._reported).test()

    def _trained(self, epochs: int) -> Trainee:
        if self._trainee is None:
            self._trainee = self._factory(self._job)
            self._trainee.resume()
        while self._trainee.epoch < epochs:  # more than once where a checkpoint was lost
            self._trainee.train_epoch()
        return self._trainee


def failure(error: BaseException) -> Failure:
    """An exception as plain data."""
    lines = str(error).strip().splitlines()
    said = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    hopeless = full or isinstance(error, InputError)
    divergence = Divergence.of(error) if isinstance(error, DivergedError) else None
    return Failure(said, "".join(traceback.format_exception(error)), hopeless, divergence)
