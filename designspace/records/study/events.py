"""The events of a study, one line of `trials.jsonl` each.

Times are unix seconds, accuracies percent, costs exact integers. What is not a number (a diverged
loss) is written as a JSON string, so that every line stays valid JSON.
"""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from designspace.records.life_cycle import FinalStatus
from designspace.records.record_model import RecordModel
from designspace.records.training import (
    Divergence,
    Epoch,
    ReadBy,
    TimeSplit,
    require_divergence,
)

Decision = Literal["continue", "stop", "finish"]
Action = Literal["created", "resumed", "extended", "interrupted", "completed"]


class EventBase(RecordModel):
    """What every event has: the moment at which the driver wrote it."""

    time: float = Field(default_factory=time.time)


class Proposed(EventBase):
    """A network was chosen for a trial, which now waits for its first start.

    `by_torch` says that the costs are counted by torch, since a layer has no formula.
    Where the trials of a study differ by recipe, `recipe` is the digest of this one's, and
    `recipe_changes` what it changes in the study's.
    """

    event: Literal["proposed"] = "proposed"
    trial: int
    point: dict[str, str]
    changes: dict[str, Any]
    digest: str
    params: int
    macs: int
    acts: int
    proposer: str
    repaired: bool
    recipe: str | None = None
    recipe_changes: dict[str, Any] = Field(default_factory=dict[str, Any])
    by_torch: bool = False


class Started(EventBase):
    """An attempt at a trial began; `epoch` epochs were recorded before it."""

    event: Literal["started"] = "started"
    trial: int
    attempt: int
    epoch: int


class EpochEnded(EventBase):
    """An epoch of a trial, with the decision that the scheduler took on it.

    `split` is the epoch's `time`, since `time` is when an event was written.
    """

    event: Literal["epoch"] = "epoch"
    trial: int
    attempt: int
    epoch: int
    train_loss: float
    loss: float
    top1: float
    top5: float | None
    lr: float
    seconds: float
    images_per_second: float
    split: TimeSplit | None = None
    peak_memory: int | None = None
    note: str | None = None
    decision: Decision

    @classmethod
    def of(cls, trial: int, attempt: int, said: Epoch, decision: Decision) -> Self:
        """The event of an epoch that was trained just now."""
        measured = said.model_dump(exclude={"time"})
        return cls(trial=trial, attempt=attempt, decision=decision, split=said.time, **measured)

    @property
    def measured(self) -> Epoch:
        """What training measured, without whose it is and what was decided."""
        names = Epoch.model_fields.keys() - {"time"}
        return Epoch(time=self.split, **{name: getattr(self, name) for name in names})


class Ended(EventBase):
    """An attempt ended; after a failure the trial may be started once more.

    A training that diverged would do so again, and is not started once more.
    """

    event: Literal["ended"] = "ended"
    trial: int
    attempt: int
    state: FinalStatus
    epoch: int
    error: str | None = None
    divergence: Divergence | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        require_divergence(self.state, self.divergence)
        return self


class SplitRead(EventBase):
    """The test split was read to measure a trial: by a search for its winner, or by `eval`."""

    event: Literal["tested"] = "tested"
    trial: int
    top1: float
    top5: float | None
    n: int
    loss: float | None = None
    command: ReadBy = "search"


class StudyChanged(EventBase):
    """The study itself began, went on, or came to an end; `trials` is the total wanted."""

    event: Literal["study"] = "study"
    action: Action
    trials: int


Event = Proposed | Started | EpochEnded | Ended | SplitRead | StudyChanged

EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])
