"""Ranks drawn uniformly without repeats, the first of a longer draw being those of a shorter.

Up to four million networks, all ranks are shuffled, and the first n are taken. Beyond that, numbers
below `count` are drawn as a stream, and each that came before is left out: of (7, 2, 7, 5, 2, 9)
remain (7, 2, 5, 9). A longer draw reads more of the same stream, so that it begins with the shorter
one. Once half of all ranks are drawn most of the stream would be repeats: the rest is shuffled.
"""

from __future__ import annotations

from math import log1p

import numpy as np

from designspace.sampling.tables.wavelet import Ints

_SHUFFLED = 1 << 22  # up to here all ranks are shuffled


def ranks(count: int, n: int, seed: int) -> Ints:
    """`n` of the numbers below `count`, each at most once, in random order; all where n is more."""
    if count <= _SHUFFLED:
        return np.random.default_rng(seed).permutation(count)[:n].astype(np.int64)
    half = count // 2  # beyond it, repeats would be more than what is new: the rest is shuffled
    found = _drawn(count, min(n, half), seed)
    if n <= half:
        return found
    left = np.ones(count, bool)
    left[found] = False
    rest = np.random.default_rng([seed, half]).permutation(np.flatnonzero(left))
    return np.concatenate([found, rest[: n - half]])


def _drawn(count: int, n: int, seed: int) -> Ints:
    """The first `n` different numbers of a stream of numbers below `count`."""
    stream = np.random.default_rng(seed)
    found = np.zeros(0, np.int64)
    while len(found) < n:
        # as many as should hold what is missing, repeats included, and some to spare
        wanted = -count * (log1p(-n / count) - log1p(-len(found) / count))
        more = stream.integers(0, count, int(1.01 * wanted) + 64)
        found = _without_repeats(np.concatenate([found, more]))
    return found[:n]


def _without_repeats(numbers: Ints) -> Ints:
    """Each number where it stands first."""
    ordered = np.sort(numbers)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(repeated):
        return numbers
    at = np.minimum(np.searchsorted(repeated, numbers), len(repeated) - 1)
    places = np.flatnonzero(repeated[at] == numbers)
    _, first = np.unique(numbers[places], return_index=True)
    return np.delete(numbers, np.delete(places, first))
