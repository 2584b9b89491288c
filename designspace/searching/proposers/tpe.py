"""Proposals by Optuna's tree-structured Parzen estimator (TPE).

There is one objective: validation top-1, within the limits of the space. The cost is a constraint
and not a second objective, so that the few trials of a small study are not spread along the cost
axis. Every `ask` makes a new sampler, seeded by (study seed, trial number), over the whole history
in the order of trial numbers. Optuna's own state is never carried over, so it cannot be lost.
"""

from __future__ import annotations

import math
import zlib

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, create_trial
from optuna.trial import TrialState as OptunaState

from designspace.records.study.state import Trial, rank
from designspace.searching.proposers.proposer import next_axis
from designspace.spec.space.axis import Axis
from designspace.spec.space.space import Point, Space

STARTUP = 8  # random proposals before there is enough history for the estimator
STATES = {"complete": OptunaState.COMPLETE, "stopped": OptunaState.PRUNED}


class OptunaProposer:
    """A TPE proposer over the axes of a space: ordered axes as integers, others as categories."""

    name = "tpe"

    def __init__(self, space: Space, seed: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space, self._seed = space, seed
        self._axes = space.axes
        self._told: dict[int, FrozenTrial] = {}

    def ask(self, number: int) -> Point:
        """Return the estimator's proposal, given the trials with lower numbers."""
        sampler = optuna.samplers.TPESampler(
            n_startup_trials=STARTUP, seed=zlib.crc32(f"{self._seed}/{number}".encode())
        )
        study = optuna.create_study(direction="maximize", sampler=sampler)
        study.add_trials([self._told[told] for told in sorted(self._told) if told < number])
        trial = study.ask()
        point: Point = {}
        while (item := next_axis(self._space, point)) is not None:
            name, axis = item
            if axis.ordered:
                index = trial.suggest_int(name, 0, len(axis.labels) - 1)
                point[name] = axis.labels[index]
            else:
                point[name] = trial.suggest_categorical(name, axis.labels)
        return point

    def tell(self, trial: Trial) -> None:
        """Learn from a complete or stopped trial; ignore running, failed and diverged ones."""
        if trial.state not in STATES or math.isinf(rank(trial.top1)):
            return
        assert trial.top1 is not None
        self._told[trial.number] = create_trial(
            state=STATES[trial.state],
            value=trial.top1,
            params={name: self._value(name, label) for name, label in trial.point.items()},
            distributions={name: _distribution(self._axes[name]) for name in trial.point},
            intermediate_values={epoch.epoch: epoch.top1 for epoch in trial.history},
        )

    def _value(self, name: str, label: str) -> int | str:
        axis = self._axes[name]
        return axis.labels.index(label) if axis.ordered else label


def _distribution(axis: Axis) -> BaseDistribution:
    if axis.ordered:
        return IntDistribution(0, len(axis.labels) - 1)
    return CategoricalDistribution(axis.labels)
