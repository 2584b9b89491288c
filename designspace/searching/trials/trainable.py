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
"""Train on; write the weights of a complete training; or measure it on the test split."""


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

    @property
    def fallback(self) -> str | None:
        """Why `resume` passed over the newest checkpoint; None where it did not."""
        ...

    def resume(self) -> int:
        """Restore the last valid checkpoint; returns the epochs done, 0 where there is none."""
        ...

    def train_epoch(self, progress: Progress | None = None) -> Epoch:
        """Train and validate one epoch, and keep its checkpoint.

        `progress` is called after each step with the steps done and the steps of an epoch.
        """
        ...

    def keep(self) -> None:
        """Write the weights of the complete training, whole or not at all."""
        ...

    def restore(self) -> bool:
        """Take up the kept weights, to be measured; False where there are none."""
        ...

    def test(self) -> Score:
        """Measure on the test split."""
        ...


class Job(RecordModel):
    """Everything that makes a training; plain JSON on its way to a worker.

    Attributes:
        spec: the network.
        recipe: the recipe, in full.
        data: the images, and how they are read.
        seed: of initialisation and data order; the same for all trials of a study.
        device: "cpu", "cuda", ...
        threads: CPU threads the training may use.
        directory: the trial's own.
        gpus: GPUs that it is given; below 1 the share of one that it has with others.
        about: facts for the kept weights, beside those that every training gives them.
        plugins: the plug-ins that the driver has, with their sources: a worker runs them first.
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
        """After how many epochs the training is complete."""
        return self.recipe.epochs


Factory = Callable[[Job], Trainee]


@dataclass(frozen=True, slots=True)
class Failure:
    """A training that raised: one line for the ledger, the traceback for the trial's directory.

    `hopeless` where every other trial would fail alike: the data are wrong, or the disk is full.
    `fatal` where the process of the worker ended, or can train nothing else: its GPU is lost to it.
    `divergence` where the training itself came to no number.
    """

    error: str
    trace: str
    hopeless: bool = False
    fatal: bool = False
    divergence: Divergence | None = None


class Attempt:
    """One attempt at a trial inside a worker; a step answers with what there is to report."""

    def __init__(self, factory: Factory, job: Job, recorded: int, *, task: Task = "train") -> None:
        """Take a job of which `recorded` epochs are in the ledger already."""
        self._factory, self._job, self._reported, self._task = factory, job, recorded, task
        self._trainee: Trainee | None = None
        self._note: str | None = None

    def step(self) -> Epoch | Score | Failure:
        """The next epoch: from the checkpoint where it is there already, else trained.

        The weights are kept before the last epoch is reported, so that no ledger calls a trial done
        that has none. To keep weights answers with the last epoch, a test with the score; both
        train what the checkpoint lacks, if anything.

        This is the one place that takes any exception: whatever a training raises ends this
        attempt, not the study.
        """
        try:
            return self._step()
        except Exception as error:
            found = failure(error, self._job.recipe.full)
        self._trainee = None
        if not found.fatal:  # else nothing of the GPU can be asked for any more
            release()
        return found

    def close(self) -> None:
        """Let go of the training; of a GPU's memory at once, for the next one or a neighbour."""
        self._trainee = None
        if self._job.device != "cpu":  # collecting takes a tenth of a second
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
        while self._trainee.epoch < epochs:  # more than once where a checkpoint was lost
            self._trainee.train_epoch()
        return self._trainee


def failure(error: BaseException, recipe: Mapping[str, Any]) -> Failure:
    """An exception as plain data; where memory ended, with what to change in the recipe."""
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
