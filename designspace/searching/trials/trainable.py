"""The interface of a training for executors, and one attempt at it inside a worker.

The worker's side is the same for all executors. It receives and returns plain data. A failed
training is a result like any other, so no executor needs failure rules of its own.
"""

from __future__ import annotations

import errno
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import Field

from designspace.errors import DivergedError, InputError
from designspace.failures.gpu import lost_gpu
from designspace.failures.memory import memory_advice, memory_words, out_of_memory, release
from designspace.failures.words import failure_words
from designspace.plugins import Plugin
from designspace.records.facts import DataFacts, RecipeFacts, SpecFacts
from designspace.records.record_model import RecordModel
from designspace.records.training import Divergence, Epoch, Score

Progress = Callable[[int, int], None]
Task = Literal["train", "keep", "test"]
"""Continue to train; write the weights of a complete training; or measure it on the test split."""


class Trainee(Protocol):
    """A training that proceeds epoch by epoch and writes one checkpoint per epoch."""

    @property
    def epoch(self) -> int:
        """Number of complete epochs."""
        ...

    @property
    def history(self) -> Sequence[Epoch]:
        """The measurements of the complete epochs; restored with the checkpoint."""
        ...

    @property
    def fallback(self) -> str | None:
        """Reason why `resume` skipped the newest checkpoint; None if it did not."""
        ...

    def resume(self) -> int:
        """Restore the last valid checkpoint; return the complete epochs, 0 if there is none."""
        ...

    def train_epoch(self, progress: Progress | None = None) -> Epoch:
        """Train and validate one epoch, and write its checkpoint.

        `progress` is called after each step with the finished steps and the steps per epoch.
        """
        ...

    def keep(self) -> None:
        """Write the weights of the complete training, as a whole or not at all."""
        ...

    def restore(self) -> bool:
        """Load the saved weights to measure them; return False if there are none."""
        ...

    def test(self) -> Score:
        """Measure on the test split."""
        ...


class Job(RecordModel):
    """The complete description of a training, sent to a worker as plain JSON.

    Attributes:
        spec: Network.
        recipe: Recipe in full.
        data: Images, and how they are read.
        seed: Seed of initialisation and data order; the same for all trials of a study.
        device: "cpu", "cuda", ...
        threads: CPU threads that the training may use.
        directory: Directory of the trial.
        gpus: GPUs for the training; below 1 the share of one GPU that it shares with others.
        about: Facts for the saved weights, in addition to those of every training.
        plugins: Plug-ins of the driver, with their sources; a worker runs them first.
    """

    spec: SpecFacts
    recipe: RecipeFacts
    data: DataFacts
    seed: int
    device: str
    threads: int
    directory: Path
    gpus: float = 0.0
    about: dict[str, Any] = Field(default_factory=dict[str, Any])
    plugins: tuple[Plugin, ...] = ()

    @property
    def epochs(self) -> int:
        """Number of epochs of a complete training."""
        return self.recipe.epochs


Factory = Callable[[Job], Trainee]


@dataclass(frozen=True, slots=True)
class Failure:
    """A training that raised an error: one line for the ledger, a traceback for the directory.

    `hopeless` is true if every other trial would fail in the same way: the data are wrong, or the
    disk is full. `fatal` is true if the worker's process ended or can train nothing else, because
    it lost its GPU. `divergence` is set if the training itself diverged.
    """

    error: str
    trace: str
    hopeless: bool = False
    fatal: bool = False
    divergence: Divergence | None = None


class Attempt:
    """One attempt at a trial inside a worker; each step returns the next result to report."""

    def __init__(self, factory: Factory, job: Job, recorded: int, *, task: Task = "train") -> None:
        """Prepare a job of which `recorded` epochs are already in the ledger."""
        self._factory, self._job, self._reported, self._task = factory, job, recorded, task
        self._trainee: Trainee | None = None
        self._note: str | None = None

    def step(self) -> Epoch | Score | Failure:
        """Return the next epoch: from the checkpoint if it is there already, else by training it.

        The weights are written before the last epoch is reported, so that no ledger calls a trial
        complete that has no weights. The task "keep" returns the last epoch, the task "test" the
        score. Both train the epochs that the checkpoint lacks, if any.

        This is the only place that catches every exception: an error in a training ends this
        attempt, not the study.
        """
        try:
            return self._step()
        except Exception as error:
            found = failure(error, self._job.recipe.full)
        self._trainee = None
        if not found.fatal:  # after a fatal error nothing may use the GPU any more
            release()
        return found

    def close(self) -> None:
        """Release the training, and a GPU's memory at once for the next training or a neighbour."""
        self._trainee = None
        if self._job.device != "cpu":  # garbage collection takes a tenth of a second
            release()

    def _step(self) -> Epoch | Score:
        if self._task == "test":
            return self._score()
        if self._task == "train":
            self._reported += 1
        trainee = self._trained(self._reported)
        if self._reported == self._job.epochs:
            trainee.keep()
        note, self._note = self._note, None
        return trainee.history[self._reported - 1].model_copy(update={"note": note})

    def _score(self) -> Score:
        trainee = self._factory(self._job)
        if not trainee.restore():
            trainee = self._trained(self._reported)
            trainee.keep()
        return trainee.test()

    def _trained(self, epochs: int) -> Trainee:
        if self._trainee is None:
            self._trainee = self._factory(self._job)
            self._trainee.resume()
            self._note = self._trainee.fallback
        while self._trainee.epoch < epochs:  # more than one epoch if a checkpoint was lost
            self._trainee.train_epoch()
        return self._trainee


def failure(error: BaseException, recipe: Mapping[str, Any]) -> Failure:
    """Return an exception as plain data; if memory ran out, with advice on the recipe."""
    gpu = lost_gpu(error)
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    hopeless = full or isinstance(error, InputError)
    divergence = Divergence.of(error) if isinstance(error, DivergedError) else None
    said = f"the GPU failed: {gpu}" if gpu else _said(error, recipe)
    trace = "".join(traceback.format_exception(error))
    return Failure(said, trace, hopeless, gpu is not None, divergence)


def _said(error: BaseException, recipe: Mapping[str, Any]) -> str:
    if out_of_memory(error):
        return f"{memory_words(error)}; {memory_advice(recipe)}"
    return failure_words(error)
