"""Indexes of cost vectors, which answer how many of them lie in a window, and which ones.

A window is a lower and an upper bound per cost, both included. The index depends on how many costs
are limited: none, one (sorted) or two (sorted by the first, with a wavelet matrix on the second).
Arrays of costs and bounds have one row per cost.

With one cost, a window is a range of the sorted values, found by two binary searches. With two, the
vectors are sorted by the first cost, so the window is again a range of positions. In that range the
second cost is not sorted, and a wavelet matrix counts how many values of a range are below a bound.

    >>> vectors = np.array([[4, 1, 3, 2], [10, 40, 20, 30]])  # four vectors of two costs
    >>> low, high = np.array([[2], [0]]), np.array([[4], [25]])  # 2 to 4, and up to 25
    >>> one = np.array([0])
    >>> int(index(vectors).count(low, high, one)[0])
    2
    >>> index(vectors).select(low[:, [0, 0]], high[:, [0, 0]], np.array([0, 1])).tolist()
    [0, 2]

(4, 10) and (3, 20) are inside; (2, 30) fails the second bound, and (1, 40) both.

To find the extreme costs within windows (`ends`), only windows that may reach further than the
known extremes are asked, the most promising ones first. Most windows are never asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from designspace.sampling.count.bounds import FAR
from designspace.sampling.tables.wavelet import Ints, Positions, Wavelet

MOST_COSTS = 2  # largest number of costs that can be limited at once
FEW = 256  # windows in the first round of a search for an end

End = tuple[int, bool]  # the row of the cost, and whether its largest value is meant


class Ends:
    """The smallest and largest value of each cost so far."""

    def __init__(self) -> None:
        self._known: dict[End, int] = {}

    def of(self, end: End) -> int:
        """Return one of them; a value beyond any cost before the first vector."""
        return self._known.get(end, -FAR if end[1] else FAR)

    def note(self, end: End, values: Ints) -> None:
        """Take values into account."""
        if len(values):
            found = int(values.max() if end[1] else values.min())
            self._known[end] = max(self.of(end), found) if end[1] else min(self.of(end), found)

    def beyond(self, end: End, hopes: Ints, few: int) -> Ints:
        """Return the places of up to `few` values that lie furthest beyond an end."""
        sign = -1 if end[1] else 1
        some = np.flatnonzero(sign * hopes < sign * self.of(end))
        if len(some) > few:
            some = some[np.argpartition(sign * hopes[some], few)[:few]]
        return some


class Index(Protocol):
    """Answers for q windows at a time, with bounds `low` and `high` of shape (costs, q)."""

    def count(self, low: Ints, high: Ints, order: Ints) -> Ints:
        """Count the vectors in each window, shape (q,).

        `order` sorts the windows by their bounds on the last cost, so that neighbouring searches
        read the same memory from the cache.
        """
        ...

    def select(self, low: Ints, high: Ints, k: Ints) -> Ints:
        """Return the position of the k-th vector by the last cost, in each window, shape (q,)."""
        ...

    def ends(self, low: Ints, high: Ints, order: Ints, own: Ints, known: Ends) -> None:
        """Note the ends of own costs (costs, q) plus the costs of the vectors in each window."""
        ...


class All:
    """The index for no limited cost."""

    def __init__(self, costs: Ints) -> None:
        self._size = costs.shape[1]

    def count(self, low: Ints, high: Ints, order: Ints) -> Ints:  # noqa: ARG002
        """Count all vectors in every window."""
        return np.full(len(low.T), self._size, np.int64)

    def select(self, low: Ints, high: Ints, k: Ints) -> Ints:  # noqa: ARG002
        """Return the k-th vector in the given order."""
        return k

    def ends(self, low: Ints, high: Ints, order: Ints, own: Ints, known: Ends) -> None:
        """Note nothing, because there is no cost."""


class Sorted:
    """The index for one limited cost."""

    def __init__(self, costs: Ints) -> None:
        """Take costs of shape (1, n)."""
        self._order: Ints = np.argsort(costs[0], kind="stable")
        self._values = costs[0, self._order]

    def count(self, low: Ints, high: Ints, order: Ints) -> Ints:  # noqa: ARG002
        """Count by two binary searches."""
        start, stop = _between(self._values, low[0], high[0])
        return (stop - start).astype(np.int64)

    def select(self, low: Ints, high: Ints, k: Ints) -> Ints:  # noqa: ARG002
        """Return the k-th vector from the window's start."""
        return self._order[_first_at(self._values, low[0]) + k]

    def ends(self, low: Ints, high: Ints, order: Ints, own: Ints, known: Ends) -> None:  # noqa: ARG002
        """Note the first and the last value in each window."""
        start, stop = _between(self._values, low[0], high[0])
        some = np.flatnonzero(stop > start)
        known.note((0, False), own[0, some] + self._values[start[some]])
        known.note((0, True), own[0, some] + self._values[stop[some] - 1])


class Plane:
    """The index for two limited costs: n log n to build, log n per window."""

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
        """Count the vectors of each range with a second cost of a lower rank."""
        size = len(self._second)
        whole = (start == 0) & (stop == size)
        found = np.where(whole, rank, (stop - start) * (rank == size))
        some = np.flatnonzero((rank > 0) & (rank < size) & ~whole)
        if len(some):
            found[some] = self._wavelet.below(start[some], stop[some], rank[some])
        return found

    def _inside(self, low: Ints, high: Ints, order: Ints) -> tuple[Ints, Positions, Positions]:
        """Return the windows that may hold vectors, in order, and their first cost's ranges."""
        if _is_thin(self._second, low[1], high[1]):
            some = order[_holds_any(self._second, low[1, order], high[1, order])]
            return some, *_between(self._first, low[0, some], high[0, some])
        start, stop = _between(self._first, low[0], high[0])
        some = order[(stop > start)[order]]
        return some, start[some], stop[some]

    def count(self, low: Ints, high: Ints, order: Ints) -> Ints:
        """Count the vectors up to the second upper bound minus those below the lower one."""
        some, start, stop = self._inside(low, high, order)
        upper = self._below(_first_above(self._second, high[1, some]), start, stop)
        lower = self._below(_first_at(self._second, low[1, some]), start, stop)
        found = np.zeros(len(order), np.int64)
        found[some] = np.maximum(upper - lower, 0)
        return found

    def select(self, low: Ints, high: Ints, k: Ints) -> Ints:
        """Return the k-th vector by the second cost within the range of the first."""
        return self._order[self._ranked[self._rank(low, high, k)]].astype(np.int64)

    def _rank(self, low: Ints, high: Ints, k: Ints) -> Positions:
        start, stop = _between(self._first, low[0], high[0])
        skipped = self._below(_first_at(self._second, low[1]), start, stop)
        return self._wavelet.kth(start, stop, k.astype(np.int32) + skipped)

    def ends(self, low: Ints, high: Ints, order: Ints, own: Ints, known: Ends) -> None:
        """Ask only the windows that may reach further than the known ends, the best first.

        One search finds how far a window may reach on one cost alone. The windows are searched in
        the order of their bounds, and this rules out most of them.
        """
        for column, values in ((0, self._first), (1, self._second)):
            for most in (False, True):
                end, bounds = (column, most), high[column] if most else low[column]
                if self._is_reached(end, bounds, own[column], known):
                    continue
                hopes = _nearest(values, bounds, most, order if column else None)
                far = -FAR if most else FAR
                inside = hopes >= low[column] if most else hopes <= high[column]
                self._search(end, np.where(inside, hopes + own[column], far), low, high, own, known)

    def _is_reached(self, end: End, bounds: Ints, own: Ints, known: Ends) -> bool:
        """Return whether no window can pass the known end, for any vectors."""
        most = end[1]
        values = self._second if end[0] else self._first
        best = np.minimum(bounds, values[-1]) if most else np.maximum(bounds, values[0])
        sums = best + own
        return (
            bool(sums.max(initial=-FAR) <= known.of(end))
            if most
            else bool(sums.min(initial=FAR) >= known.of(end))
        )

    def _search(self, end: End, hopes: Ints, low: Ints, high: Ints, own: Ints, known: Ends) -> None:
        few = FEW
        while len(some := known.beyond(end, hopes, few)):
            nothing = self._reach(end, low[:, some], high[:, some], own[:, some], known)
            hopes[some[nothing]] = known.of(end)
            few *= 4

    def _reach(self, end: End, low: Ints, high: Ints, own: Ints, known: Ends) -> NDArray[np.bool_]:
        """Note the values beyond an end in some windows; return which windows have none."""
        column, most = end
        beyond = known.of(end) - own[column]
        if most:
            low[column] = np.maximum(low[column], beyond + 1)
        else:
            high[column] = np.minimum(high[column], beyond - 1)
        count = self.count(low, high, np.arange(len(beyond)))
        some = np.flatnonzero(count)
        if len(some):
            rank = self._rank(low[:, some], high[:, some], (count[some] - 1) * most)
            values = self._second[rank] if column else self._first[self._ranked[rank]]
            known.note(end, values + own[column, some])
        return count == 0


def _between(values: Ints, low: Ints, high: Ints) -> tuple[Positions, Positions]:
    """Return the range of sorted values in each window; an empty one needs only one search."""
    start = _first_at(values, low)
    stop = start.copy()
    some = np.flatnonzero(values.take(np.minimum(start, len(values) - 1)) <= high)
    stop[some] = _first_above(values, high[some])
    return start, stop


def _holds_any(values: Ints, low: Ints, high: Ints) -> NDArray[np.bool_]:
    """Return whether each window holds any of the sorted values."""
    start, stop = _between(values, low, high)
    return stop > start


def _nearest(values: Ints, bounds: Ints, most: bool, order: Ints | None) -> Ints:
    """Return the largest of sorted values up to each bound, or the smallest from it on.

    The result is `FAR` away if there is no such value. `order` sorts the bounds, which are searched
    in it; there is no search if no bound excludes a value.
    """
    far = -FAR if most else FAR
    if most and bounds.min(initial=values[-1]) >= values[-1]:
        return np.full(len(bounds), values[-1])
    if not most and bounds.max(initial=values[0]) <= values[0]:
        return np.full(len(bounds), values[0])
    asked = bounds if order is None else bounds[order]
    place = np.searchsorted(values, asked, side="right" if most else "left")
    padded = np.concatenate([[far], values]) if most else np.concatenate([values, [far]])
    found = padded[place]
    if order is None:
        return found
    back = np.empty_like(found)
    back[order] = found
    return back


def _is_thin(values: Ints, low: Ints, high: Ints) -> bool:
    """Return whether most windows, all as wide as the first, are too narrow to hold a value."""
    width, span = int((high[:1] - low[:1]).sum()), int(values[-1] - values[0])
    return width * len(values) < span


def _first_at(values: Ints, bounds: Ints) -> Positions:
    """Return the position of the first of sorted values at or above each bound."""
    if bounds.max(initial=values[0]) <= values[0]:  # usually there is no bound
        return np.zeros(len(bounds), np.int32)
    return np.searchsorted(values, bounds, side="left").astype(np.int32)


def _first_above(values: Ints, bounds: Ints) -> Positions:
    """Return the position of the first of sorted values above each bound."""
    if bounds.min(initial=values[-1]) >= values[-1]:
        return np.full(len(bounds), len(values), np.int32)
    return np.searchsorted(values, bounds, side="right").astype(np.int32)


def index(costs: Ints) -> Index:
    """Return the index for costs of shape (limited costs, n), for up to two limited costs."""
    assert len(costs) <= MOST_COSTS, "an index over more than two costs"
    kinds: tuple[Callable[[Ints], Index], ...] = (All, Sorted, Plane)
    return kinds[len(costs)](costs)
