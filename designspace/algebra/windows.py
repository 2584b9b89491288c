"""Cost vectors, asked how many of them lie in a window, and which.

A window is a lower and an upper bound a cost, both included. The index depends on how many costs
are limited: none, one (sorted) or two (sorted by the first, a wavelet matrix on the second).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from designspace.algebra.wavelet import Ints, Positions, Wavelet

MOST_COSTS = 2  # that can be limited at once


class Index(Protocol):
    """Answers for q windows at a time; `low` and `high` have shape (q, costs)."""

    def count(self, low: Ints, high: Ints) -> Ints:
        """How many vectors lie in each window, shape (q,)."""
        ...

    def select(self, low: Ints, high: Ints, k: Ints) -> Ints:
        """The position of the k-th in each window, in the order of the last cost, shape (q,)."""
        ...


class All:
    """No cost is limited."""

    def __init__(self, costs: Ints) -> None:
        self._size = len(costs)

    def count(self, low: Ints, high: Ints) -> Ints:  # noqa: ARG002
        """All of them."""
        return np.full(len(low), self._size, np.int64)

    def select(self, low: Ints, high: Ints, k: Ints) -> Ints:  # noqa: ARG002
        """The k-th as they stand."""
        return k


class Sorted:
    """One cost is limited."""

    def __init__(self, costs: Ints) -> None:
        """Take costs of shape (n, 1)."""
        self._order: Ints = np.argsort(costs[:, 0], kind="stable")
        self._values = costs[self._order, 0]

    def _range(self, low: Ints, high: Ints) -> tuple[Ints, Ints]:
        start = np.searchsorted(self._values, low[:, 0], side="left")
        stop = np.searchsorted(self._values, high[:, 0], side="right")
        return start, np.maximum(start, stop)

    def count(self, low: Ints, high: Ints) -> Ints:
        """By two binary searches."""
        start, stop = self._range(low, high)
        return stop - start

    def select(self, low: Ints, high: Ints, k: Ints) -> Ints:
        """The k-th from the window's start."""
        start, _ = self._range(low, high)
        return self._order[start + k]


class Plane:
    """Two costs are limited: n log n to build, log n a window."""

    def __init__(self, costs: Ints) -> None:
        """Take costs of shape (n, 2), n under 2**31."""
        self._order = np.argsort(costs[:, 0], kind="stable").astype(np.int32)
        self._first = costs[self._order, 0]
        second = costs[self._order, 1]
        self._ranked = np.argsort(second, kind="stable").astype(np.int32)
        self._second = second[self._ranked]
        ranks = np.empty(len(costs), np.int32)
        ranks[self._ranked] = np.arange(len(costs), dtype=np.int32)
        self._wavelet = Wavelet(ranks)

    def _range(self, low: Ints, high: Ints) -> tuple[Positions, Positions]:
        start = np.searchsorted(self._first, low[:, 0], side="left")
        stop = np.searchsorted(self._first, high[:, 0], side="right")
        return start.astype(np.int32), np.maximum(start, stop).astype(np.int32)

    def _below(
        self, bound: Ints, start: Positions, stop: Positions, *, included: bool
    ) -> Positions:
        """How many of each range have a second cost under the bound."""
        rank = np.searchsorted(self._second, bound, side="right" if included else "left")
        found = np.where(rank == len(self._second), stop - start, 0).astype(np.int32)
        some = np.flatnonzero((rank > 0) & (rank < len(self._second)) & (stop > start))
        found[some] = self._wavelet.below(start[some], stop[some], rank[some].astype(np.int32))
        return found

    def count(self, low: Ints, high: Ints) -> Ints:
        """Those up to the upper bound of the second cost, less those under its lower bound."""
        start, stop = self._range(low, high)
        upper = self._below(high[:, 1], start, stop, included=True)
        lower = self._below(low[:, 1], start, stop, included=False)
        return np.maximum(upper - lower, 0).astype(np.int64)

    def select(self, low: Ints, high: Ints, k: Ints) -> Ints:
        """The k-th by the second cost within the range of the first."""
        start, stop = self._range(low, high)
        skipped = self._below(low[:, 1], start, stop, included=False)
        rank = self._wavelet.kth(start, stop, (k + skipped).astype(np.int32))
        return self._order[self._ranked[rank]].astype(np.int64)


def index(costs: Ints) -> Index:
    """The index for costs of shape (n, number of limited costs).

    Raises:
        NotImplementedError: More than two costs.
    """
    if costs.shape[1] > MOST_COSTS:
        raise NotImplementedError("an index over more than two costs")
    limited: int = costs.shape[1]
    kinds: tuple[Callable[[Ints], Index], ...] = (All, Sorted, Plane)
    return kinds[limited](costs)
