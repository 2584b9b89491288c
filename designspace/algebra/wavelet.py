"""A wavelet matrix: how many of a range of positions hold a small value, and which is the k-th.

Claude, Navarro and Ordonez, "The wavelet matrix", Information Systems 47 (2015), sections 3 and 4,
on numpy arrays of queries.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Positions = NDArray[np.int32]


class Wavelet:
    """A sequence that holds each of 0 ... n-1 once, with counting and selection on its ranges."""

    def __init__(self, values: Positions) -> None:
        """Take the sequence, shape (n,)."""
        self._bits = max(int(len(values) - 1).bit_length(), 1)
        self._zeros: list[Positions] = []  # of each level, how many zeros stand before a position
        for bit in range(self._bits - 1, -1, -1):
            ones = (values >> bit & 1).astype(bool)
            before = np.zeros(len(values) + 1, np.int32)
            np.cumsum(~ones, out=before[1:])
            self._zeros.append(before)
            values = np.concatenate([values[~ones], values[ones]])

    def below(self, start: Positions, stop: Positions, bound: Positions) -> Positions:
        """How many values under a bound stand in [start, stop); all arguments of shape (q,)."""
        found = np.zeros(len(start), np.int32)
        for level, before in enumerate(self._zeros):
            bit = (bound >> self._bits - 1 - level & 1).astype(bool)
            first, last = before[start], before[stop]
            found += np.where(bit, last - first, 0)
            start = np.where(bit, start - first + before[-1], first)
            stop = np.where(bit, stop - last + before[-1], last)
        # A bound of 2**bits has no bit here: everything is below it.
        return found

    def kth(self, start: Positions, stop: Positions, k: Positions) -> Positions:
        """The k-th smallest value, counted from 0, in each [start, stop); shapes (q,)."""
        value = np.zeros(len(start), np.int32)
        for level, before in enumerate(self._zeros):
            first, last = before[start], before[stop]
            zeros = last - first
            bit = k >= zeros
            k = np.where(bit, k - zeros, k)
            start = np.where(bit, start - first + before[-1], first)
            stop = np.where(bit, stop - last + before[-1], last)
            value |= bit.astype(np.int32) << (self._bits - 1 - level)
        return value
