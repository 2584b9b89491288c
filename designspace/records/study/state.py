"""The state of a study after its events, computed in the same way by the driver and the readers.

The ledger holds events and no state. `StudyState.replay` starts from an empty state and applies
one event after the other, without I/O. The driver does the same with each event that it writes, so
replaying the ledger of a killed study gives the state that the driver had. Three rules make this
safe:

1. An event is on disk before anything follows from it. After a kill the ledger may lack work that
   was in progress, but it never holds anything that did not happen.
2. Each start of a trial has an attempt number. Later events of an older attempt change nothing.
3. An epoch counts if it is the next one. Epochs that were trained again after a kill repeat the
   recorded ones, and change nothing either.

    >>> from designspace.records.study import events
    >>> from designspace.records.training import Epoch
    >>> def epoch(attempt: int, number: int, top1: float) -> events.EpochEnded:
    ...     measured = Epoch(epoch=number, train_loss=1, loss=1, top1=top1, top5=None, lr=0.1,
    ...                      seconds=1, images_per_second=1)
    ...     return events.EpochEnded.of(0, attempt, measured, "continue")
    >>> told = [
    ...     events.StudyChanged(action="created", trials=1),
    ...     events.Proposed(trial=0, point={}, changes={}, digest="a", params=1, macs=1, acts=1,
    ...                     proposer="base", repaired=False),
    ...     events.Started(trial=0, attempt=1, epoch=0),
    ...     epoch(attempt=1, number=1, top1=50.0),
    ...     events.Started(trial=0, attempt=2, epoch=1),  # the first driver was killed
    ...     epoch(attempt=1, number=2, top1=99.0),  # its worker still spoke: superseded
    ...     epoch(attempt=2, number=1, top1=50.0),  # trained once more: known
    ...     epoch(attempt=2, number=2, top1=60.0),
    ... ]
    >>> trial = StudyState.replay(told).trials[0]
    >>> trial.state, trial.attempt, [epoch.top1 for epoch in trial.history]
    ('running', 2, [50.0, 60.0])
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self, assert_never

from designspace.errors import InputError
from designspace.records.life_cycle import Status
from designspace.records.study.events import (
    Action,
    Decision,
    Ended,
    EpochEnded,
    Event,
    Proposed,
    SplitRead,
    Started,
    StudyChanged,
)
from designspace.records.training import Divergence, Epoch


@dataclass(slots=True)
class Trial:
    """One trial according to the ledger: its network, attempts and recorded epochs.

    `attempt` is 0 before the first start, `failures` the number of attempts that failed or
    diverged. `recipe` is the digest of its recipe if the trials differ by recipe, else None.
    `starts` are its attempts, and `ended` is the time of its end, None before. `by_torch` is true
    if torch counted its costs, because a layer of its network has no formula.
    """

    number: int
    point: dict[str, str]
    changes: dict[str, Any]
    digest: str
    params: int
    macs: int
    acts: int
    proposer: str
    repaired: bool
    recipe: str | None = None
    recipe_changes: dict[str, Any] = field(default_factory=dict[str, Any])
    by_torch: bool = False
    state: Status = "waiting"
    attempt: int = 0
    failures: int = 0
    decision: Decision = "continue"
    error: str | None = None
    divergence: Divergence | None = None
    starts: list[Started] = field(default_factory=list[Started])
    ended: float | None = None
    history: list[Epoch] = field(default_factory=list[Epoch])

    @property
    def identity(self) -> str:
        """Identity, unique in the study: the network's digest, and the recipe's if it varies."""
        return identity(self.digest, self.recipe)

    @property
    def epochs(self) -> int:
        """Number of recorded epochs."""
        return len(self.history)

    @property
    def top1(self) -> float | None:
        """Validation top-1 in percent after the last recorded epoch; None before the first."""
        return self.history[-1].top1 if self.history else None

    @property
    def seconds(self) -> float:
        """Total duration of the recorded epochs [s]."""
        return sum(epoch.seconds for epoch in self.history)


@dataclass(slots=True)
class StudyState:
    """Everything that follows from the events of a study, for the driver and the readers.

    Attributes:
        trials: Trials by number, in the order of their proposals.
        wanted: Total number of trials asked for.
        action: Last change of the study as a whole; None for an empty ledger.
        readings: All readings of the test split, oldest first.
        started: Time of the first event [unix seconds]; None for an empty ledger.
        updated: Time of the last event [unix seconds]; None for an empty ledger.
    """

    trials: dict[int, Trial] = field(default_factory=dict[int, Trial])
    wanted: int = 0
    action: Action | None = None
    readings: list[SplitRead] = field(default_factory=list[SplitRead])
    started: float | None = None
    updated: float | None = None

    @classmethod
    def replay(cls, events: Iterable[Event]) -> Self:
        """Return the state after these events.

        Raises:
            InputError: An event is about a trial that was never proposed.
        """
        state = cls()
        for event in events:
            state.apply(event)
        return state

    def apply(self, event: Event) -> None:
        """Apply one more event; events of a superseded attempt change nothing."""
        self.started = event.time if self.started is None else self.started
        self.updated = event.time
        match event:
            case Proposed():
                self.trials[event.trial] = _waiting(event)
            case Started() | EpochEnded() | Ended():
                self._apply_to_trial(event)
            case SplitRead():
                self.readings.append(event)
            case StudyChanged():
                self._apply_to_study(event)
            case _:
                assert_never(event)

    def _apply_to_study(self, event: StudyChanged) -> None:
        self.wanted, self.action = event.trials, event.action
        if event.action == "interrupted":
            for trial in self.trials.values():
                if trial.state == "running":
                    trial.state = "interrupted"

    def _apply_to_trial(self, event: Started | EpochEnded | Ended) -> None:
        if event.trial not in self.trials:
            raise InputError(f"the ledger mentions trial {event.trial}, which it never proposed")
        trial = self.trials[event.trial]
        if isinstance(event, Started):
            trial.attempt, trial.state, trial.ended = event.attempt, "running", None
            trial.starts.append(event)
        elif event.attempt != trial.attempt:
            return
        elif isinstance(event, Ended):
            trial.state, trial.error, trial.ended = event.state, event.error, event.time
            trial.divergence = event.divergence
            trial.failures += event.state in ("failed", "diverged")
        elif event.epoch == trial.epochs + 1:
            trial.history.append(event.measured)
            trial.decision = event.decision

    def count(self, *statuses: Status) -> int:
        """Count the trials that have any of these statuses."""
        return sum(trial.state in statuses for trial in self.trials.values())

    @property
    def complete(self) -> bool:
        """Whether the study is complete, and was not extended since."""
        return self.action == "completed"

    @property
    def recipes(self) -> int:
        """Number of different recipes among the trials; 0 if all share the study's recipe."""
        return len({trial.recipe for trial in self.trials.values() if trial.recipe})

    @property
    def winner(self) -> Trial | None:
        """Complete trial of highest validation top-1; among equals, the one with fewest MACs."""
        return max(self._complete(), key=lambda t: (rank(t.top1), -t.macs, -t.number), default=None)

    @property
    def tested(self) -> SplitRead | None:
        """The winner's first result on the test split; None before the split was read for it."""
        winner = self.winner
        return None if winner is None else self.test_of(winner.number)

    def test_of(self, trial: int) -> SplitRead | None:
        """Return the first reading of the test split for a trial; None if there is none."""
        return next((reading for reading in self.readings if reading.trial == trial), None)

    @property
    def front(self) -> list[Trial]:
        """The complete trials that no other beats in both top-1 and MACs, fewest MACs first."""
        front: list[Trial] = []
        for trial in sorted(self._complete(), key=lambda t: (t.macs, -rank(t.top1), t.number)):
            if not front or rank(trial.top1) > rank(front[-1].top1):
                front.append(trial)
        return front

    def _complete(self) -> list[Trial]:
        return [trial for trial in self.trials.values() if trial.state == "complete"]


def identity(network: str, recipe: str | None) -> str:
    """Join the digest of a network and, if the trials differ by recipe, that of its recipe."""
    return f"{network}+{recipe}" if recipe else network


def rank(top1: float | None) -> float:
    """Return a sort key for accuracies: unknown ones and NaN come last."""
    return -math.inf if top1 is None or math.isnan(top1) else top1


def _waiting(event: Proposed) -> Trial:
    return Trial(number=event.trial, **event.model_dump(exclude={"event", "time", "trial"}))
