"""This package: the feasible set counted once, then drawn from as arrays without rejection."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, count, repeat

import numpy as np

import designspace
from benchmarks.feasible.job import Job

PACKAGE = "designspace-vision"
FIRST, BATCH = 1_000, 1_000_000


def draws(job: Job, seed: int) -> Iterator[tuple[int, np.ndarray]]:
    """A thousand, then a million at a time; each batch is a draw of its own."""
    feasible = designspace.space(job.space).feasible()
    yield 0, np.empty((0, len(job.axes)), dtype=np.int8)
    for number, n in zip(count(1_000 * seed), chain([FIRST], repeat(BATCH))):
        draw = feasible.draw(n, number)
        columns = [list(draw.axes).index(name) for name in job.axes]
        yield len(draw), draw.labels[:, columns].astype(np.int8)
