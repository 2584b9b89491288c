"""The record of one run: network, recipe, data, device and outcome.

`record.json` is in the run's directory from the start. After each epoch it is replaced as a whole
or not at all. Times are ISO 8601 in UTC, accuracies are in percent.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from designspace.errors import InputError
from designspace.records.facts import (
    DataFacts,
    DeviceFacts,
    InitialFacts,
    RecipeFacts,
    SpecFacts,
)
from designspace.records.life_cycle import Status
from designspace.records.record_model import RecordModel
from designspace.records.training import (
    Divergence,
    Epoch,
    Score,
    TestReading,
    require_divergence,
)
from designspace.records.tuning import Tuning
from designspace.spec.documents.document import Document, Origin, write_text_atomic
from designspace.spec.documents.validation import validate
from designspace.spec.recipe.recipe import Recipe

NAME = "record.json"

_OLD = "run.yaml"


class Attempt(RecordModel):
    """A process that trained a part of the run; an interrupted run has more than one.

    Attributes:
        started: Time of the start.
        after_epochs: Number of epochs that were complete before it.
        command: Command line or call.
        device: Device that it ran on.
        processes: Number of processes that trained together.
        compiled: Whether the network was compiled.
        environment: Versions and machine.
        notes: Problems at the start, such as a damaged checkpoint, one sentence each.
    """

    started: str
    after_epochs: int
    command: tuple[str, ...]
    device: DeviceFacts
    processes: int = 1
    compiled: bool = False
    environment: dict[str, Any]
    notes: tuple[str, ...] = ()


class Selection(RecordModel):
    """The rule that selected the weights that were measured.

    Attributes:
        epoch: Epoch of the weights.
        weights: `trained` for the weights themselves, `averaged` for their moving average.
        split: Split that every choice was based on.
        best_of: Number of trainings of which this one is the best on that split; 1 without a
            choice.
    """

    epoch: Literal["last"] = "last"
    weights: Literal["trained", "averaged"]
    split: Literal["validation"] = "validation"
    best_of: int = 1

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """Return the selection of a single training."""
        return cls(weights="averaged" if recipe.ema else "trained")

    def __str__(self) -> str:
        chosen = f", the best of {self.best_of} by {self.split} top-1" if self.best_of > 1 else ""
        return f"{self.weights} weights of the {self.epoch} epoch{chosen}"


class Ending(RecordModel):
    """The outcome of a training so far.

    Attributes:
        state: Status; a killed process leaves `running` behind.
        error: Reason of a failure, in one line.
        divergence: Epoch, step and cause of a divergence.
    """

    state: Status
    error: str | None = None
    divergence: Divergence | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        require_divergence(self.state, self.divergence)
        return self


class Record(RecordModel):
    """The record of one training.

    Attributes:
        format: Version of the file format.
        name: Directory of the run, or `study:trial`.
        spec: Network.
        recipe: Recipe.
        learning_rate: Peak learning rate, after linear scaling from the recipe's reference batch.
        batch_size: Images per step.
        data: Data set and splits.
        input_size: Side in pixels at which the network sees the images.
        seed: Seed of the initial weights and of every step.
        initial: Weights that the training began with; None for the recipe's own.
        selection: Rule that selected the weights that were measured.
        tuning: Tuning of some of the recipe's values for this network; None without one.
        attempts: Processes that trained the run, the first one first.
        epochs: Measurements on the validation split, one per epoch.
        test: First reading of the test split, at the end; None before.
        readings: All further readings of the test split; for a trial, also the readings for the
            other trials of its study.
        ended: Time of the end; None before.
        outcome: Outcome so far.
    """

    format: Literal[1] = 1
    name: str
    spec: SpecFacts
    recipe: RecipeFacts
    learning_rate: float
    batch_size: int
    data: DataFacts
    input_size: int
    seed: int
    initial: InitialFacts | None = None
    selection: Selection
    tuning: Tuning | None = None
    attempts: Annotated[tuple[Attempt, ...], Field(min_length=1)]
    epochs: tuple[Epoch, ...] = ()
    test: Score | None = None
    readings: tuple[TestReading, ...] = ()
    ended: str | None = None
    outcome: Ending = Ending(state="running")

    @property
    def over(self) -> bool:
        """Whether nothing is left to do: the training is complete, was stopped, or diverged."""
        return self.outcome.state in ("complete", "stopped", "diverged")

    @property
    def top1(self) -> float | None:
        """Validation top-1 in percent after the last epoch; None before the first."""
        return self.epochs[-1].top1 if self.epochs else None

    @property
    def times_tested(self) -> int:
        """Number of readings of the test split."""
        return (self.test is not None) + len(self.readings)

    @property
    def device(self) -> DeviceFacts:
        """Device of the last attempt."""
        return self.attempts[-1].device


def read_record(directory: Path) -> Record:
    """Read the record of a run's directory.

    Raises:
        InputError: There is no record, its format is too old, or it is not valid.
    """
    record = find_record(directory)
    if record is None:
        raise InputError("no run here", file=str(directory), hint=f"a run holds a {NAME}")
    return record


def find_record(directory: Path) -> Record | None:
    """Read the record of a directory; return None if the directory holds no run.

    Raises:
        InputError: The format of the record is too old, or the record is not valid.
    """
    path = directory / NAME
    if (directory / _OLD).is_file() and not path.is_file():
        raise InputError(
            "a run of an earlier format, which is no longer read",
            file=str(directory / _OLD),
            hint="train it again in another directory",
        )
    if not path.is_file():
        return None
    try:
        data = json.loads(path.read_bytes())
    except ValueError as error:
        raise InputError(f"not JSON: {error}", file=str(path)) from None
    return validate(Record, Document(data, {(): Origin(str(path))}))


def write_record(directory: Path, record: Record) -> None:
    """Write `record.json` as a whole or not at all.

    Raises:
        InputError: The file cannot be written, for example because the disk is full.
    """
    write_text_atomic(directory / NAME, record.model_dump_json(indent=1) + "\n")


def now() -> str:
    """Return the present moment as records write it."""
    return moment()


def moment(seconds: float | None = None) -> str:
    """Return a unix time as records write it, ISO 8601 in UTC; by default the present."""
    at = datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return at.isoformat(timespec="seconds")
