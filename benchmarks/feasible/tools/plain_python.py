"""Rejection in a plain Python loop."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.feasible.job import Job

PACKAGE = None
BATCH = 1000


def draws(job: Job, seed: int) -> Iterator[tuple[int, list[list[int]]]]:
    """Independent uniform draws, one at a time."""
    rng, sizes = random.Random(seed), job.sizes
    yield 0, []
    while True:
        points = [[int(rng.random() * size) for size in sizes] for _ in range(BATCH)]
        yield BATCH, [point for point in points if job.meets(job.values(point))]
