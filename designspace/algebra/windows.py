"""Cost vectors, asked how many of them lie in a window, and which.

A window is a lower and an upper bound a cost, both included. The index depends on how many costs
are limited: none, one (sorted) or two (sorted by the first, a wavelet matrix on the second).
Costs and bounds stand in rows, a row a cost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from designspace.algebra.wavelet import Ints, Positions, Wavelet

MOST_COSTS = 2  # that can be limited at once


class Index(Protocol):
    """Answers for q windows at a time; `low` and `high` have shape (costs, q)."""

    def count(self, low: Ints, high: Ints, order: Ints) -> Ints:
        """How many vectors lie in each window, shape (q,).

        `order` sorts the windows by their bounds on the last cost: those who search next to each
        other find what they read in the cache.
        """
        ...

    def select(self, low: Ints, high: Ints, k: Ints) -> Ints:
        """The position of the k-th in each window, in the order of the last cost, shape (q,)."""
        ...


class All:
    """No cost is limited."""

    def __init__(self, costs: Ints) -> None:
        self._size = costs.shape[1]

    def count(self, low: Ints, high: Ints, order: Ints) -> Ints:  # noqa: ARG002
        """All of them."""
        return np.full(len(low.T), self._size, np.int64)

    def select(self, low: Ints, high: Ints, k: Ints) -> Ints:  # noqa: ARG002
        """The k-th as they stand."""
        return k


class Sorted:
    """One cost is limited."""

    def __init__(self, costs: Ints) -> None:
        """Take costs of shape (1, n)."""
        self._order: Ints = np.argsort(costs[0], kind="stable")
        self._values = costs[0, self._order]

    def count(self, low: Ints, high: Ints, order: Ints) -> Ints:  # noqa: ARG002
        """By two binary searches."""
        start, stop = _between(self._values, low[0], high[0])
        return (stop - start).astype(np.int64)

    def select(self, low: Ints, high: Ints, k: Ints) -> Ints:
        """The k-th from the window's start."""
        return self._order[_first_at(self._values, low[0]) + k]


class Plane:
    """Two costs are limited: n log n to build, log n a window."""

    def __init__(self, costs: Ints) -> None:
        """Take costs of shape (2, n), n under 2**31."""
        self._order = np.argsort(costs[0], kind="stable").astype(np.int32)
        self._first = costs[0].take(self._order)
        second = costs[1].take(self._order)
        self._ranked = np.argsort(second, kind="stable").astype(np.int32)
        self._second = second[self._ranked]
        ranks = np.empty(len(second), np.int32)
        ranks[self._ranked] = np.arange(len(second), dtype=np.int32)
        self._wavelet = Wavelet(ranks)

    def _below(self, rank: Positions, start: Positions, stop: Positions) -> Positions:
        """How many of each range have a second cost of a lower rank."""
        size = len(self._second)
        whole = (start == 0) & (stop == size)
        found = np.where(whole, rank, (stop - start) * (rank == size))
        some = np.flatnonzero((rank > 0) & (rank < size) & ~whole)
        if len(some):
            found[some] = self._wavelet.below(start[some], stop[some], rank[some])
        return found

    def count(self, low: Ints, high: Ints, order: Ints) -> Ints:
        """Those up to the upper bound of the second cost, less those under its lower bound."""
        if _is_thin(self._second, low[1], high[1]):
            some = order[_holds_any(self._second, low[1, order], high[1, order])]
            start, stop = _between(self._first, low[0, some], high[0, some])
        else:
            start, stop = _between(self._first, low[0], high[0])
            some = order[(stop > start)[order]]
            start, stop = start[some], stop[some]
        upper = self._below(_first_above(self._second, high[1, some]), start, stop)
        lower = self._below(_first_at(self._second, low[1, some]), start, stop)
        found = np.zeros(len(order), np.int64)
        found[some] = np.maximum(upper - lower, 0)
        return found

    def select(self, low: Ints, high: Ints, k: Ints) -> Ints:
        """The k-th by the second cost within the range of the first."""
        start, stop = _between(self._first, low[0], high[0])
        skipped = self._below(_first_at(self._second, low[1]), start, stop)
        rank = self._wavelet.kth(start, stop, k.astype(np.int32) + skipped)
        return self._order[self._ranked[rank]].astype(np.int64)


def _between(values: Ints, low: Ints, high: Ints) -> tuple[Positions, Positions]:
    """The range of sorted values in each window; only windows that hold any are searched twice."""
    start = _first_at(values, low)
    stop = start.copy()
    some = np.flatnonzero(values.take(np.minimum(start, len(values) - 1)) <= high)
    stop[some] = _first_above(values, high[some])
    return start, stop


def _holds_any(values: Ints, low: Ints, high: Ints) -> NDArray[np.bool_]:
    """Whether each window holds any of sorted values."""
    start, stop = _between(values, low, high)
    return stop > start


def _is_thin(values: Ints, low: Ints, high: Ints) -> bool:
    """Whether windows, all as wide as the first, are so narrow that most hold no value."""
    width, span = int((high[:1] - low[:1]).sum()), int(values[-1] - values[0])
    return width * len(values) < span


def _first_at(values: Ints, bounds: Ints) -> Positions:
    """The position of the first of sorted values at or above each bound."""
    if bounds.max(initial=values[0]) <= values[0]:  # no bound, most often
        return np.zeros(len(bounds), np.int32)
    return np.searchsorted(values, bounds, side="left").astype(np.int32)


def _first_above(values: Ints, bounds: Ints) -> Positions:
    """The position of the first of sorted values above each bound."""
    if bounds.min(initial=values[-1]) >= values[-1]:
        return np.full(len(bounds), len(values), np.int32)
    return np.searchsorted(values, bounds, side="right").astype(np.int32)


def index(costs: Ints) -> Index:
    """The index for costs of shape (number of limited costs, n), of which two at most."""
    assert len(costs) <= MOST_COSTS, "an index over more than two costs"
    kinds: tuple[Callable[[Ints], Index], ...] = (All, Sorted, Plane)
    return kinds[len(costs)](costs)
