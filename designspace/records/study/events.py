"""The events of a study, one per line of `trials.jsonl`.

Times are unix seconds, accuracies percent, costs exact integers. NaN and infinities (a diverged
loss) are written as JSON strings, so that every line stays valid JSON.
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
    """The base class of events, with the time at which the driver wrote it [unix seconds]."""

    time: float = Field(default_factory=time.time)


class Proposed(EventBase):
    """A network was chosen for a trial, which now waits for its first start.

    `by_torch` is true if torch counted the costs, because a layer has no formula. If the trials of
    a study differ by recipe, `recipe` is the digest of this trial's recipe, and `recipe_changes`
    its changes to the study's recipe.
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
    """An epoch of a trial, with the scheduler's decision on it.

    `split` holds the epoch's `time`, because an event's own `time` is when it was written.
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
        """Return the event of an epoch that was just trained."""
        measured = said.model_dump(exclude={"time"})
        return cls(trial=trial, attempt=attempt, decision=decision, split=said.time, **measured)

    @property
    def measured(self) -> Epoch:
        """The measurements of training, without the trial, the attempt and the decision."""
        names = Epoch.model_fields.keys() - {"time"}
        return Epoch(time=self.split, **{name: getattr(self, name) for name in names})


class Ended(EventBase):
    """An attempt ended; after a failure the trial may be started again.

    A training that diverged would diverge again, so it is not started again.
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
    """The study itself began, was resumed, or ended; `trials` is the total number wanted."""

    event: Literal["study"] = "study"
    action: Action
    trials: int


Event = Proposed | Started | EpochEnded | Ended | SplitRead | StudyChanged

EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])
