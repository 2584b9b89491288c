"""The events of a study, one line of `trials.jsonl` each.

Times are unix seconds, accuracies percent, costs exact integers. What is not a number (a diverged
loss) is written as a JSON string, so that every line stays valid JSON.
"""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from designspace.records.training import Epoch, TimeSplit

Decision = Literal["continue", "stop", "finish"]
FinalState = Literal["done", "stopped", "failed"]
Action = Literal["created", "resumed", "extended", "interrupted", "completed"]


class Recorded(BaseModel):
    """What every event has: the moment at which the driver wrote it."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    time: float = Field(default_factory=time.time)


class Proposed(Recorded):
    """A network was chosen for a trial, which now waits for its first start.

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


class Started(Recorded):
    """An attempt at a trial began; `epoch` epochs were recorded before it."""

    event: Literal["started"] = "started"
    trial: int
    attempt: int
    epoch: int


class EpochEnded(Recorded):
    """An epoch of a trial, with the decision that the scheduler took on it."""

    event: Literal["epoch"] = "epoch"
    trial: int
    attempt: int
    epoch: int
    train_loss: float
    loss: float
    top1: float
    top5: float
    lr: float
    seconds: float
    images_per_second: float
    split: TimeSplit | None = None
    peak_memory: int | None = None
    decision: Decision

    @property
    def measured(self) -> Epoch:
        """What training measured, without whose it is and what was decided."""
        return Epoch(**{name: getattr(self, name) for name in Epoch.model_fields})


class Ended(Recorded):
    """An attempt ended; after a failure the trial may be started once more."""

    event: Literal["ended"] = "ended"
    trial: int
    attempt: int
    state: FinalState
    epoch: int
    error: str | None = None


class WinnerTested(Recorded):
    """The winner's accuracy on the test split."""

    event: Literal["tested"] = "tested"
    trial: int
    top1: float
    top5: float
    n: int


class StudyChanged(Recorded):
    """The study itself began, went on, or came to an end; `trials` is the total wanted."""

    event: Literal["study"] = "study"
    action: Action
    trials: int


Event = Proposed | Started | EpochEnded | Ended | WinnerTested | StudyChanged

EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])
