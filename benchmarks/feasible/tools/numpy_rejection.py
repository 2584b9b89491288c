"""Rejection in numpy, many networks at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.feasible.job import Job

PACKAGE = "numpy"
BATCH = 100_000


def draws(job: Job, seed: int) -> Iterator[tuple[int, np.ndarray]]:
    """Independent uniform draws."""
    rng = np.random.default_rng(seed)
    axes = [np.array(values, dtype=np.int64) for values in job.axes.values()]
    yield 0, np.empty((0, len(axes)), dtype=np.int8)
    while True:
        points = [rng.integers(len(axis), size=BATCH, dtype=np.int8) for axis in axes]
        kept = job.meets([axis[point] for axis, point in zip(axes, points, strict=True)])
        yield BATCH, np.stack([point[kept] for point in points], axis=1)
