"""Cost vectors, asked how many of them lie in a window, and which.

A window is a lower and an upper bound a cost, both included. The index depends on how many costs
are limited: none, one (sorted) or two (sorted by the first, a wavelet matrix on the second).
Costs and bounds stand in rows, a row a cost.

With one cost, a window is a range of the sorted values, found by two binary searches. With two, the
vectors are sorted by the first cost, so that the window is a range of positions again; among these
the second cost is in no order, and a wavelet matrix counts how many of a range lie below a bound.

    >>> vectors = np.array([[4, 1, 3, 2], [10, 40, 20, 30]])  # four vectors of two costs
    >>> low, high = np.array([[2], [0]]), np.array([[4], [25]])  # 2 to 4, and up to 25
    >>> one = np.array([0])
    >>> int(index(vectors).count(low, high, one)[0])
    2
    >>> index(vectors).select(low[:, [0, 0]], high[:, [0, 0]], np.array([0, 1])).tolist()
    [0, 2]

(4, 10) and (3, 20) are inside; (2, 30) fails the second bound, and (1, 40) both.

To find how far costs reach within a window (`ends`), only windows that may reach further than what
is known are asked, the most promising ones first: most are never looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from designspace.sampling.count.bounds import FAR
from designspace.sampling.tables.wavelet import Ints, Positions, Wavelet

MOST_COSTS = 2  # that can be limited at once
FEW = 256  # windows that are asked for an end at first

End = tuple[int, bool]  # which of the costs, and whether it is the most that is meant


class Ends:
    """The least and the most of each cost so far; none of them before a vector was seen."""

    def __init__(self) -> None:
        self._known: dict[End, int] = {}

    def of(self, end: End) -> int:
        """One of them, beyond any cost as long as nothing was seen."""
        return self._known.get(end, -FAR if end[1] else FAR)

    def note(self, end: End, values: Ints) -> None:
        """Take values into account."""
        if len(values):
            found = int(values.max() if end[1] else values.min())
            self._known[end] = max(self.of(end), found) if end[1] else min(self.of(end), found)

    def beyond(self, end: End, hopes: Ints, few: int) -> Ints:
        """The places of the few values that lie furthest beyond an end, (few,) at most."""
        sign = -1 if end[1] else 1
        some = np.flatnonzero(sign * hopes < sign * self.of(end))
        if len(some) > few:
            some = some[np.argpartition(sign * hopes[some], few)[:few]]
        return some


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

    def ends(self, low: Ints, high: Ints, order: Ints, own: Ints, known: Ends) -> None:
        """Note the ends of the sums of own costs, (costs, q), and of the vectors in each window."""
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

    def ends(self, low: Ints, high: Ints, order: Ints, own: Ints, known: Ends) -> None:
        """None: no cost is looked at."""


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

    def select(self, low: Ints, high: Ints, k: Ints) -> Ints:  # noqa: ARG002
        """The k-th from the window's start."""
        return self._order[_first_at(self._values, low[0]) + k]

    def ends(self, low: Ints, high: Ints, order: Ints, own: Ints, known: Ends) -> None:  # noqa: ARG002
        """By the first and the last value in each window."""
        start, stop = _between(self._values, low[0], high[0])
        some = np.flatnonzero(stop > start)
        known.note((0, False), own[0, some] + self._values[start[some]])
        known.note((0, True), own[0, some] + self._values[stop[some] - 1])


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

    def _inside(self, low: Ints, high: Ints, order: Ints) -> tuple[Ints, Positions, Positions]:
        """The windows that may hold any, in order, and the range of each on the first cost."""
        if _is_thin(self._second, low[1], high[1]):
            some = order[_holds_any(self._second, low[1, order], high[1, order])]
            return some, *_between(self._first, low[0, some], high[0, some])
        start, stop = _between(self._first, low[0], high[0])
        some = order[(stop > start)[order]]
        return some, start[some], stop[some]

    def count(self, low: Ints, high: Ints, order: Ints) -> Ints:
        """Those up to the upper bound of the second cost, less those under its lower bound."""
        some, start, stop = self._inside(low, high, order)
        upper = self._below(_first_above(self._second, high[1, some]), start, stop)
        lower = self._below(_first_at(self._second, low[1, some]), start, stop)
        found = np.zeros(len(order), np.int64)
        found[some] = np.maximum(upper - lower, 0)
        return found

    def select(self, low: Ints, high: Ints, k: Ints) -> Ints:
        """The k-th by the second cost within the range of the first."""
        return self._order[self._ranked[self._rank(low, high, k)]].astype(np.int64)

    def _rank(self, low: Ints, high: Ints, k: Ints) -> Positions:
        start, stop = _between(self._first, low[0], high[0])
        skipped = self._below(_first_at(self._second, low[1]), start, stop)
        return self._wavelet.kth(start, stop, k.astype(np.int32) + skipped)

    def ends(self, low: Ints, high: Ints, order: Ints, own: Ints, known: Ends) -> None:
        """By asking only windows that may reach further than what is known, the best first.

        How far a window may reach on one cost, whatever it asks of the other, is one search; the
        windows are searched in the order of their bounds, and most of them are ruled out by it.
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
        """Whether an end is known that no window can pass, whatever the vectors are."""
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
        """Note what lies beyond an end in some windows; returns which hold nothing there."""
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


def _nearest(values: Ints, bounds: Ints, most: bool, order: Ints | None) -> Ints:
    """The largest of sorted values up to each bound, or the smallest from it on; beyond, far off.

    `order` sorts the bounds from the largest on; they are searched in it, and not at all where
    they bind nothing.
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
