"""Ranks drawn uniformly without repeats, the first of a longer draw being those of a shorter."""

from __future__ import annotations

import numpy as np

from designspace.algebra.wavelet import Ints

_SHUFFLED = 1 << 22  # up to here all ranks are shuffled; beyond, repeats are rare and left out


def ranks(count: int, n: int, seed: int) -> Ints:
    """`n` of the numbers below `count`, each at most once, in random order; all where n is more."""
    stream = np.random.default_rng(seed)
    if count <= _SHUFFLED:
        return stream.permutation(count)[:n].astype(np.int64)
    n = min(n, count)
    found = np.zeros(0, np.int64)
    while len(found) < n:
        more = stream.integers(0, count, max(2 * (n - len(found)), 1024))
        both = np.concatenate([found, more])
        _, first = np.unique(both, return_index=True)
        found = both[np.sort(first)]
    return found[:n]
