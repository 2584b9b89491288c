"""Syne Tune's random search: the searcher alone, without its tuner and back end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from syne_tune.config_space import randint
from syne_tune.optimizer.schedulers.searchers.random_searcher import RandomSearcher

from benchmarks.feasible.job import Job

PACKAGE = "syne-tune"


def draws(job: Job, seed: int) -> Iterator[tuple[int, list[list[int]]]]:
    """Suggested configurations."""
    np.random.seed(seed)  # its domains draw from numpy's global stream
    space = {name: randint(0, len(values) - 1) for name, values in job.axes.items()}
    searcher = RandomSearcher(space, points_to_evaluate=[], random_seed=seed)
    yield 0, []
    while True:
        config = searcher.suggest()
        point = [int(config[name]) for name in space]
        yield 1, [point] if job.meets(job.values(point)) else []
