"""Ask and tell with a sampler of Optuna's, in memory, under a constant objective."""

from __future__ import annotations

from collections.abc import Iterator

import optuna

from benchmarks.feasible.formula import cost
from benchmarks.feasible.job import Job


def loop(
    job: Job, sampler: optuna.samplers.BaseSampler, *, constrained: bool
) -> Iterator[tuple[int, list[list[int]]]]:
    """One trial a draw; if `constrained`, the sampler is told by how much each bound is missed."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=sampler)
    last = {name: len(values) - 1 for name, values in job.axes.items()}
    yield 0, []
    while True:
        trial = study.ask()
        point = [trial.suggest_int(name, 0, high) for name, high in last.items()]
        values = job.values(point)
        if constrained:
            macs, params = cost(values)
            trial.set_constraint("least_macs", job.least_macs / macs - 1)
            trial.set_constraint("most_macs", macs / job.most_macs - 1)
            trial.set_constraint("most_params", params / job.most_params - 1)
        study.tell(trial, 0.0)
        yield 1, [point] if job.meets(values) else []
