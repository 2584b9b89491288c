"""This package: the feasible set counted once, then drawn from as arrays without rejection."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import designspace
from benchmarks.feasible.job import Job

PACKAGE = "designspace-vision"
BATCH = 1_000_000


def draws(job: Job, seed: int) -> Iterator[tuple[int, np.ndarray]]:
    """Distinct networks a million at a time, each million a draw of its own."""
    feasible = designspace.space(job.space).feasible()
    yield 0, np.empty((0, len(job.axes)), dtype=np.int8)
    number = seed * 1_000
    while True:
        draw = feasible.draw(BATCH, number)
        columns = [list(draw.axes).index(name) for name in job.axes]
        yield BATCH, draw.labels[:, columns].astype(np.int8)
        number += 1
