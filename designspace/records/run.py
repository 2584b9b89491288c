"""One training as one typed record: what was trained how on what, where, and how it ended.

`record.json` stands in the run's directory from its first moment, and is written anew, whole or
not at all, after each epoch. Times are ISO 8601 in UTC, accuracies percent.
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
    """A process that trained a part of the run: more than one where it was interrupted.

    Attributes:
        started: when.
        after_epochs: epochs that were done before it.
        command: what was called.
        device: where it ran.
        processes: how many trained together.
        compiled: whether the network was compiled.
        environment: versions and machine.
        notes: what this process met as it began, such as a damaged checkpoint, a sentence each.
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
    """What picked the weights that were measured.

    Attributes:
        epoch: which epoch's.
        weights: the trained ones themselves, or their moving average.
        split: the images by which anything was chosen.
        best_of: of how many trainings this one is the best on that split; 1 where none was chosen.
    """

    epoch: Literal["last"] = "last"
    weights: Literal["trained", "averaged"]
    split: Literal["validation"] = "validation"
    best_of: int = 1

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """How the weights of a single training are picked."""
        return cls(weights="averaged" if recipe.ema else "trained")

    def __str__(self) -> str:
        chosen = f", the best of {self.best_of} by {self.split} top-1" if self.best_of > 1 else ""
        return f"{self.weights} weights of the {self.epoch} epoch{chosen}"


class Ending(RecordModel):
    """How a training stands.

    Attributes:
        state: its status; `running` is also what a killed process leaves behind.
        error: why it failed, in one line.
        divergence: where a diverged training's loss stopped being a number.
    """

    state: Status
    error: str | None = None
    divergence: Divergence | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        require_divergence(self.state, self.divergence)
        return self


class Record(RecordModel):
    """One training.

    Attributes:
        format: of this file.
        name: the run's directory, or `study:trial`.
        spec: the network.
        recipe: how it is trained.
        learning_rate: the peak, after linear scaling from the recipe's reference batch.
        batch_size: images a step.
        data: what on.
        input_size: side in pixels at which the network sees the images.
        seed: of the first weights and of every step.
        initial: the weights that it began with; None for the recipe's own.
        selection: what picked the weights that were measured.
        tuning: how some of the recipe's values were chosen for this network; None where none was.
        attempts: the processes that trained it, the first one first.
        epochs: what was measured on the validation split, an epoch each.
        test: the first reading of the test split, at the end; None before.
        readings: every further reading of the test split; of a trial, those for the other trials
            of its study as well.
        ended: when; None before.
        outcome: how it stands.
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
        """Whether nothing is left to do: it is complete, was stopped, or diverged."""
        return self.outcome.state in ("complete", "stopped", "diverged")

    @property
    def top1(self) -> float | None:
        """Validation top-1 in percent after the last epoch; None before the first."""
        return self.epochs[-1].top1 if self.epochs else None

    @property
    def times_tested(self) -> int:
        """How often the test split was read."""
        return (self.test is not None) + len(self.readings)

    @property
    def device(self) -> DeviceFacts:
        """Where its last part ran."""
        return self.attempts[-1].device


def read_record(directory: Path) -> Record:
    """The record of a run's directory.

    Raises:
        InputError: There is none, it is of an earlier format, or it is not valid.
    """
    record = find_record(directory)
    if record is None:
        raise InputError("no run here", file=str(directory), hint=f"a run holds a {NAME}")
    return record


def find_record(directory: Path) -> Record | None:
    """The record of a directory; None where it holds no run.

    Raises:
        InputError: It is of an earlier format, or it is not valid.
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
        InputError: It cannot be written, for example because the disk is full.
    """
    write_text_atomic(directory / NAME, record.model_dump_json(indent=1) + "\n")


def now() -> str:
    """This moment, as records write it."""
    return moment()


def moment(seconds: float | None = None) -> str:
    """A unix time as records write it, ISO 8601 in UTC; the present where none is given."""
    at = datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return at.isoformat(timespec="seconds")
