"""What a study is after its events: a fold, without I/O, the same for the driver and the readers.

The ledger holds events and no state. `StudyState.replay` starts from nothing and applies one event
after the other; the driver does the same with each event that it writes, so that a study that was
killed and replayed is in the state in which the driver was. Three rules make this safe:

1. An event is on disk before anything follows from it. After a kill the ledger may lack what was
   under way, and never holds what did not happen.
2. Each start of a trial has an attempt number. What an older attempt says later changes nothing.
3. An epoch counts if it is the next one. Epochs trained once more after a kill repeat what is
   recorded, and change nothing either.

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
    """One trial as far as the ledger tells: its network, attempts and recorded epochs.

    `attempt` is 0 before the first start, `failures` the number of attempts that failed. `recipe`
    is the digest of its recipe where trials differ by it, else None. `starts` are its attempts, and
    `ended` is the time of its end, None before. `by_torch` says that its costs are counted by
    torch, since a layer of its network has no formula.
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
        """What no other trial of the study has: the network, and the recipe where it varies."""
        return identity(self.digest, self.recipe)

    @property
    def epochs(self) -> int:
        """Epochs recorded."""
        return len(self.history)

    @property
    def top1(self) -> float | None:
        """Validation top-1 in percent after the last recorded epoch, None before the first."""
        return self.history[-1].top1 if self.history else None

    @property
    def seconds(self) -> float:
        """Time spent in the recorded epochs."""
        return sum(epoch.seconds for epoch in self.history)


@dataclass(slots=True)
class StudyState:
    """Everything that the events of a study say, as the driver and the readers see it.

    Attributes:
        trials: by number, in the order of their proposals.
        wanted: the total of trials asked for.
        action: what last happened to the study as a whole, None for an empty ledger.
        readings: every reading of the test split, oldest first.
        started: time of the first event, None for an empty ledger.
        updated: time of the last event.
    """

    trials: dict[int, Trial] = field(default_factory=dict[int, Trial])
    wanted: int = 0
    action: Action | None = None
    readings: list[SplitRead] = field(default_factory=list[SplitRead])
    started: float | None = None
    updated: float | None = None

    @classmethod
    def replay(cls, events: Iterable[Event]) -> Self:
        """The state after these events.

        Raises:
            InputError: An event speaks of a trial that was never proposed.
        """
        state = cls()
        for event in events:
            state.apply(event)
        return state

    def apply(self, event: Event) -> None:
        """Fold one more event in; what a superseded attempt says changes nothing."""
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
            raise InputError(f"the ledger speaks of trial {event.trial}, which it never proposed")
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
        """How many trials have any of these statuses."""
        return sum(trial.state in statuses for trial in self.trials.values())

    @property
    def complete(self) -> bool:
        """Whether the study came to its end, and was not extended since."""
        return self.action == "completed"

    @property
    def recipes(self) -> int:
        """How many recipes the trials differ by; 0 where all share the study's."""
        return len({trial.recipe for trial in self.trials.values() if trial.recipe})

    @property
    def winner(self) -> Trial | None:
        """The complete trial of highest validation top-1; of equals the one with fewer MACs."""
        return max(self._complete(), key=lambda t: (rank(t.top1), -t.macs, -t.number), default=None)

    @property
    def tested(self) -> SplitRead | None:
        """The winner's result on the test split; None while the split was not read for it."""
        winner = self.winner
        return None if winner is None else self.test_of(winner.number)

    def test_of(self, trial: int) -> SplitRead | None:
        """The first reading of the test split for a trial; None where it was not read."""
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
    """One word for a network's digest and, where trials differ by it, their recipe's."""
    return f"{network}+{recipe}" if recipe else network


def rank(top1: float | None) -> float:
    """A value to order accuracies by: what is unknown or not a number comes last."""
    return -math.inf if top1 is None or math.isnan(top1) else top1


def _waiting(event: Proposed) -> Trial:
    return Trial(number=event.trial, **event.model_dump(exclude={"event", "time", "trial"}))
