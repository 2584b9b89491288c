"""Asynchronous successive halving, the stopping variant, as a pure function of the ledger.

At a rung (a number of epochs) a trial goes on if its accuracy is among the best 1/eta of all that
were recorded at that rung so far, its own included. While fewer than eta are recorded there is
nothing to compare with, and it goes on. Nothing waits, and nothing that was stopped comes back.
Trial 0, the base that all others are held against, is never stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from designspace.records.study.events import Decision, EpochEnded, Event
from designspace.records.study.state import StudyState, rank
from designspace.records.study.study import SchedulerMeta


def rungs(min_epochs: int, eta: int, max_epochs: int) -> tuple[int, ...]:
    """Epochs after which trials are compared: min, min * eta, ... below the maximum."""
    assert min_epochs >= 1
    assert eta >= 2
    found: list[int] = []
    rung = min_epochs
    while rung < max_epochs:
        found.append(rung)
        rung *= eta
    return tuple(found)


def survives(value: float, others: Sequence[float], eta: int) -> bool:
    """Whether a trial goes on from a rung, given what the others recorded there before it."""
    recorded = len(others) + 1
    if recorded < eta:
        return True
    better = sum(rank(other) > rank(value) for other in others)
    return better < recorded // eta


def decide(
    scheduler: SchedulerMeta, epochs: int, state: StudyState, trial: int, top1: float
) -> Decision:
    """What a trial does after the epoch that follows those recorded in `state`.

    Args:
        scheduler: kind, eta and rungs.
        epochs: after how many a trial is complete, as its recipe says.
        state: all that was recorded before this epoch.
        trial: whose epoch it is.
        top1: its validation accuracy in percent.
    """
    epoch = state.trials[trial].epochs + 1
    if epoch >= epochs:
        return "finish"
    if trial == 0 or epoch not in scheduler.rungs:
        return "continue"
    others = [
        other.history[epoch - 1].top1
        for other in state.trials.values()
        if other.number != trial and other.epochs >= epoch
    ]
    return "continue" if survives(top1, others, scheduler.eta) else "stop"


def disagreements(
    scheduler: SchedulerMeta, epochs: int, events: Iterable[Event]
) -> list[tuple[EpochEnded, Decision]]:
    """Recorded decisions that replaying the ledger does not reproduce, with the one expected."""
    state, found = StudyState(), list[tuple[EpochEnded, Decision]]()
    for event in events:
        if isinstance(event, EpochEnded):
            expected = decide(scheduler, epochs, state, event.trial, event.top1)
            if expected != event.decision:
                found.append((event, expected))
        state.apply(event)
    return found
