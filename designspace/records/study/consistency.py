"""The check that the events of a ledger can have happened in the order in which they are written.

A driver writes one event after the other, and each follows from those before: epochs count up by
one, an attempt ends once, and nothing is measured before it was trained. If a line was lost,
changed, moved or written twice, the ledger describes a study that never took place, and none of its
figures can be trusted. Two things are not checked: the times, because clocks are sometimes set
back, and an epoch or an end of an attempt that a later attempt superseded, because it changes
nothing.

Example: a ledger without its line for epoch 2 holds epoch 3 of trial 0 after epoch 1. The check
stops at that line with "epoch 3 of trial 0 was recorded where epoch 2 comes next".
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from designspace.errors import InputError
from designspace.records.life_cycle import UNFINISHED, FinalStatus
from designspace.records.study.events import (
    Decision,
    Ended,
    EpochEnded,
    Event,
    Proposed,
    SplitRead,
    Started,
    StudyChanged,
)
from designspace.records.study.state import StudyState, Trial

_REASONS: dict[FinalStatus, Decision] = {
    "complete": "finish",
    "stopped": "stop",
    "failed": "continue",
    "diverged": "continue",
}
"""The scheduler's last decision on a trial, by the status in which the trial ended."""
_STARTED = ("running", "interrupted")


def consistent_state(events: Iterable[Event], file: Path) -> StudyState:
    """Return the state after the events of a ledger, one per line.

    Raises:
        InputError: An event contradicts those before it; the error names its line.
    """
    state = StudyState()
    for line, event in enumerate(events, start=1):
        fault = contradiction(state, event)
        if fault is not None:
            before = f"the {line - 1} lines before it" if line > 2 else "the line before it"
            raise InputError(
                f"the ledger contradicts itself: {fault}",
                file=str(file),
                line=line,
                hint=f"restore the file from a copy, or keep only {before}" if line > 1 else None,
            )
        state.apply(event)
    return state


def contradiction(state: StudyState, event: Event) -> str | None:
    """Return why an event cannot follow a state; None if it can."""
    if isinstance(event, StudyChanged):
        return _change(state, event)
    if state.action is None:
        return f"a '{event.event}' event before the study was created"
    if isinstance(event, Proposed):
        return _proposal(state, event)
    trial = state.trials.get(event.trial)
    if trial is None:
        return f"trial {event.trial} was never proposed"
    return _of_trial(state, trial, event)


def _of_trial(
    state: StudyState, trial: Trial, event: Started | EpochEnded | Ended | SplitRead
) -> str | None:
    match event:
        case Started():
            return _reopened(state) or _start(trial, event)
        case EpochEnded():
            return _attempt(trial, event) or _epoch(trial, event)
        case Ended():
            return _attempt(trial, event) or _end(trial, event)
        case SplitRead():
            return _early(trial, event)


def _change(state: StudyState, event: StudyChanged) -> str | None:
    if (event.action == "created") != (state.action is None):
        again = "created a second time" if state.action else f"{event.action} before it was created"
        return f"the study was {again}"
    if event.trials < state.wanted:
        return f"the total of trials falls from {state.wanted} to {event.trials}"
    unfinished = state.count(*UNFINISHED)
    if event.action == "completed" and unfinished:
        return f"the study was completed while {unfinished} of its trials had not ended"
    return None


def _reopened(state: StudyState) -> str | None:
    """Return a contradiction if the study is complete: it must first be resumed or extended."""
    return "the study was completed before, and did not go on" if state.complete else None


def _proposal(state: StudyState, event: Proposed) -> str | None:
    if event.trial != len(state.trials):
        return f"trial {event.trial} was proposed where trial {len(state.trials)} comes next"
    if event.trial >= state.wanted:
        return f"trial {event.trial} was proposed, and only {state.wanted} trials were wanted"
    return _reopened(state)


def _start(trial: Trial, event: Started) -> str | None:
    name = f"trial {trial.number}"
    if trial.state in ("complete", "stopped", "diverged"):
        return f"{name} was started again after it had ended as {trial.state}"
    if event.attempt != trial.attempt + 1:
        return f"{name} began attempt {event.attempt} where attempt {trial.attempt + 1} comes next"
    return _counted(trial, event.epoch, "started")


def _counted(trial: Trial, epochs: int, what: str) -> str | None:
    if epochs == trial.epochs:
        return None
    return (
        f"trial {trial.number} {what} after epoch {epochs}, and {trial.epochs} of its epochs are "
        "recorded"
    )


def _attempt(trial: Trial, event: EpochEnded | Ended) -> str | None:
    if event.attempt <= trial.attempt:
        return None
    return f"attempt {event.attempt} of trial {trial.number} was never started"


def _epoch(trial: Trial, event: EpochEnded) -> str | None:
    name = f"epoch {event.epoch} of trial {trial.number}"
    if event.attempt < trial.attempt:
        return None
    if 1 <= event.epoch <= trial.epochs:
        return None if _repeats(trial, event) else f"{name} was recorded before, with other figures"
    if trial.state not in _STARTED:
        return f"{name} comes after the trial had ended as {trial.state}"
    if trial.decision != "continue":
        return f"{name} comes after the decision to {trial.decision}"
    if event.epoch != trial.epochs + 1:
        return f"{name} was recorded where epoch {trial.epochs + 1} comes next"
    return None


def _repeats(trial: Trial, event: EpochEnded) -> bool:
    """Return whether an event equals the recorded epoch; as text, so that NaN equals NaN."""
    recorded = trial.history[event.epoch - 1]
    return recorded.model_dump_json() == event.measured.model_dump_json()


def _end(trial: Trial, event: Ended) -> str | None:
    if event.attempt < trial.attempt:
        return None
    if trial.state not in _STARTED:
        return f"trial {trial.number} ended a second time, as {event.state} after {trial.state}"
    if trial.decision != _REASONS[event.state]:
        last = f"its last decision is to {trial.decision}"
        return f"trial {trial.number} ended as {event.state}, and {last}"
    return _counted(trial, event.epoch, "ended")


def _early(trial: Trial, event: SplitRead) -> str | None:
    """Check a reading: a search tests complete trials, `eval` also those with a checkpoint."""
    if event.command == "search" and trial.state != "complete":
        return f"trial {trial.number} was tested while it was {trial.state}, not complete"
    return None if trial.epochs else f"trial {trial.number} was tested before its first epoch"
