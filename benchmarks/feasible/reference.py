"""The true marginals of the feasible set."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.feasible.job import Job
from benchmarks.feasible.tools.numpy_rejection import draws


def marginals(job: Job, seed: int, seconds: float) -> list[list[int]]:
    """Label counts, an axis a row, of a large sample drawn by plain rejection."""
    counts = [np.zeros(size, dtype=np.int64) for size in job.sizes]
    end = time.perf_counter() + seconds
    for _, points in draws(job, seed):
        for axis, count in enumerate(counts):
            count += np.bincount(points[:, axis], minlength=len(count))
        if time.perf_counter() >= end:
            break
    return [count.tolist() for count in counts]
