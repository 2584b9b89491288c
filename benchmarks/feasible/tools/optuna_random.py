"""Optuna's RandomSampler with its defaults."""

from __future__ import annotations

from collections.abc import Iterator

import optuna

from benchmarks.feasible.job import Job
from benchmarks.feasible.tools.optuna_loop import loop

PACKAGE = "optuna"


def draws(job: Job, seed: int) -> Iterator[tuple[int, list[list[int]]]]:
    """Trials, as the sampler proposes them."""
    yield from loop(job, optuna.samplers.RandomSampler(seed=seed), constrained=False)
