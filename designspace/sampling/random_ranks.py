"""Ranks drawn uniformly without repeats; a longer draw begins with a shorter one.

For up to four million networks, all ranks are shuffled and the first n are taken. For more, numbers
below `count` are drawn as a stream, and repeats are left out: (7, 2, 7, 5, 2, 9) becomes (7, 2, 5,
9). A longer draw reads more of the same stream, so it begins with the shorter one. After half of
all ranks, most of the stream would be repeats, so the remaining ranks are shuffled.
"""

from __future__ import annotations

from math import log1p

import numpy as np

from designspace.sampling.tables.wavelet import Ints

_SHUFFLED = 1 << 22  # largest count for which all ranks are shuffled


def ranks(count: int, n: int, seed: int) -> Ints:
    """Draw `n` different numbers below `count` in random order; all of them if `n` is larger."""
    if count <= _SHUFFLED:
        return np.random.default_rng(seed).permutation(count)[:n].astype(np.int64)
    half = count // 2  # beyond it, most of the stream would be repeats
    found = _drawn(count, min(n, half), seed)
    if n <= half:
        return found
    left = np.ones(count, bool)
    left[found] = False
    rest = np.random.default_rng([seed, half]).permutation(np.flatnonzero(left))
    return np.concatenate([found, rest[: n - half]])


def _drawn(count: int, n: int, seed: int) -> Ints:
    """Return the first `n` different numbers of a stream of numbers below `count`."""
    stream = np.random.default_rng(seed)
    found = np.zeros(0, np.int64)
    while len(found) < n:
        # the expected number of draws for the missing numbers, repeats included, and a reserve
        wanted = -count * (log1p(-n / count) - log1p(-len(found) / count))
        more = stream.integers(0, count, int(1.01 * wanted) + 64)
        found = _without_repeats(np.concatenate([found, more]))
    return found[:n]


def _without_repeats(numbers: Ints) -> Ints:
    """Return the numbers in order, each at its first place only."""
    ordered = np.sort(numbers)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(repeated):
        return numbers
    at = np.minimum(np.searchsorted(repeated, numbers), len(repeated) - 1)
    places = np.flatnonzero(repeated[at] == numbers)
    _, first = np.unique(numbers[places], return_index=True)
    return np.delete(numbers, np.delete(places, first))
