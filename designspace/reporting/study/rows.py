"""One plain row per trial, from which the table, the pictures and the data files are made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from designspace.records.life_cycle import Status
from designspace.records.study.state import StudyState, Trial


@dataclass(frozen=True, slots=True)
class Change:
    """An axis on which a trial differs from trial 0, with both labels (None: not active)."""

    axis: str
    label: str | None
    base: str | None

    def __str__(self) -> str:
        return f"{self.axis} {self.label or 'none'}"


@dataclass(frozen=True, slots=True)
class Row:
    """One trial. Scores are percent of the validation split after the last recorded epoch.

    If trials differ by recipe, `recipe` is the digest of this trial's recipe and `recipe_changes`
    are its changes. `is_base` is true for trial 0, unless the base itself is outside the space or
    its limits; then trial 0 is the network nearest to the base. `by_torch` is true if torch counted
    the costs.
    """

    number: int
    state: Status
    attempts: int
    epochs: int
    top1: float | None
    top5: float | None
    params: int
    macs: int
    acts: int
    digest: str
    proposer: str
    point: Mapping[str, str]
    changes: tuple[Change, ...]
    curve: tuple[tuple[int, float], ...]
    seconds: float
    error: str | None
    on_front: bool
    is_base: bool
    is_winner: bool
    recipe: str | None = None
    recipe_changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    by_torch: bool = False

    @property
    def kind(self) -> str:
        """`front` for a member of the non-dominated set, else the state."""
        return "front" if self.on_front else self.state


def rows(state: StudyState) -> list[Row]:
    """Return one row per trial of a study, by number."""
    front = {trial.number for trial in state.front}
    reference = reference_of(state)
    winner = state.winner.number if state.winner else None
    return [
        _row(trial, reference, trial.number in front, trial.number == winner)
        for _, trial in sorted(state.trials.items())
    ]


def reference_of(state: StudyState) -> Mapping[str, str]:
    """Return the point that the others are compared with: that of trial 0."""
    return state.trials[0].point if 0 in state.trials else {}


def reference_name(state: StudyState) -> str:
    """Return the name of trial 0: the base, unless that does not fit the limits or the space."""
    return "trial 0" if 0 in state.trials and state.trials[0].repaired else "the base"


def changes_against(point: Mapping[str, str], base: Mapping[str, str]) -> tuple[Change, ...]:
    """List where `point` differs from `base`: axes of the base in its order, then other axes."""
    axes = [*base, *(axis for axis in point if axis not in base)]
    return tuple(
        Change(axis, point.get(axis), base.get(axis))
        for axis in axes
        if point.get(axis) != base.get(axis)
    )


def _row(trial: Trial, reference: Mapping[str, str], on_front: bool, is_winner: bool) -> Row:
    last = trial.history[-1] if trial.history else None
    top1, top5 = (_known(last.top1), _known(last.top5)) if last else (None, None)
    return Row(
        number=trial.number,
        state=trial.state,
        attempts=trial.attempt,
        epochs=trial.epochs,
        top1=top1,
        top5=top5,
        params=trial.params,
        macs=trial.macs,
        acts=trial.acts,
        digest=trial.digest,
        proposer=trial.proposer,
        point=trial.point,
        changes=changes_against(trial.point, reference),
        curve=tuple((e.epoch, e.top1) for e in trial.history if not math.isnan(e.top1)),
        seconds=trial.seconds,
        error=trial.error,
        on_front=on_front,
        is_base=trial.number == 0 and not trial.repaired,
        is_winner=is_winner,
        recipe=trial.recipe,
        recipe_changes=trial.recipe_changes,
        by_torch=trial.by_torch,
    )


def _known(score: float | None) -> float | None:
    """Return a score; one that is not a number (a diverged network) is unknown, not zero."""
    return None if score is None or math.isnan(score) else score
