"""How far a sample stands from the uniform distribution over the feasible set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

REPEATS = 200


def distance(counts: Sequence[Sequence[int]], truth: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Total variation of each axis' marginal from the true one, beside what chance alone gives.

    Args:
        counts: How often each label was drawn, an axis a row.
        truth: How many feasible networks have each label, an axis a row.

    Returns:
        Mean and largest of the axes; the same of uniform samples of as many networks (`noise_`:
        the expectation, with the 95th percentile of the mean).
    """
    n, rng = sum(counts[0]), np.random.default_rng(0)
    true = [np.array(row) / sum(row) for row in truth]
    found = [_total_variation(np.array(row), p) for row, p in zip(counts, true, strict=True)]
    noise = np.stack([_total_variation(rng.multinomial(n, p, size=REPEATS), p) for p in true])
    return {
        "tv_mean": float(np.mean(found)),
        "tv_max": float(np.max(found)),
        "noise_mean": float(noise.mean()),
        "noise_mean_95": float(np.quantile(noise.mean(axis=0), 0.95)),
        "noise_max": float(noise.max(axis=0).mean()),
    }


def _total_variation(counts: np.ndarray, p: np.ndarray) -> np.ndarray:
    return np.abs(counts / counts.sum(axis=-1, keepdims=True) - p).sum(axis=-1) / 2
