"""Asynchronous successive halving (ASHA), the stopping variant, as a pure function of the ledger.

At a rung (a number of epochs) a trial continues if its accuracy is among the best 1/eta of all
accuracies recorded at that rung so far, its own included. While fewer than eta are recorded there
is nothing to compare with, and it continues. No trial waits for another, and no stopped trial is
resumed. Trial 0, the base that all others are compared with, is never stopped.

Example with eta 2 and a rung at epoch 1: trial 0 records 50 %, alone, and continues. Trial 1
records 40 %: one of two accuracies may continue, 50 is better, so it is stopped. Trial 2 records
60 %: one of three may continue, and it is the best, so it continues.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from designspace.records.study.events import Decision, EpochEnded, Event
from designspace.records.study.state import StudyState, rank
from designspace.records.study.study import SchedulerMeta


def rungs(min_epochs: int, eta: int, max_epochs: int) -> tuple[int, ...]:
    """Return the epochs after which trials are compared: min, min * eta, ... below the maximum."""
    assert min_epochs >= 1
    assert eta >= 2
    found: list[int] = []
    rung = min_epochs
    while rung < max_epochs:
        found.append(rung)
        rung *= eta
    return tuple(found)


def survives(value: float, others: Sequence[float], eta: int) -> bool:
    """Return whether a trial continues after a rung, given the others' earlier accuracies there."""
    recorded = len(others) + 1
    if recorded < eta:
        return True
    better = sum(rank(other) > rank(value) for other in others)
    return better < recorded // eta


def decide(
    scheduler: SchedulerMeta, epochs: int, state: StudyState, trial: int, top1: float
) -> Decision:
    """Decide on a trial after the epoch that follows those recorded in `state`.

    Args:
        scheduler: Kind, eta and rungs.
        epochs: Number of epochs of a complete trial, from its recipe.
        state: State of the study before this epoch.
        trial: Number of the trial.
        top1: Validation accuracy of the trial after this epoch in percent.
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
    """Return recorded decisions that a replay does not reproduce, each with the expected one."""
    state, found = StudyState(), list[tuple[EpochEnded, Decision]]()
    for event in events:
        if isinstance(event, EpochEnded):
            expected = decide(scheduler, epochs, state, event.trial, event.top1)
            if expected != event.decision:
                found.append((event, expected))
        state.apply(event)
    return found
