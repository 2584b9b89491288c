"""The distinct networks of a space: counted within bounds, told by rank, asked for extremes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from designspace.algebra.bounds import Bounds
from designspace.algebra.chain import Chain
from designspace.algebra.components import COSTS
from designspace.algebra.halves import cut, extreme_path, paths_from
from designspace.algebra.paths import Indexed, Window, Within
from designspace.algebra.pieces import Ids, TooLargeError
from designspace.algebra.points import Points
from designspace.algebra.states import States
from designspace.algebra.wavelet import Ints


@dataclass(frozen=True, slots=True)
class Batch:
    """n networks.

    Attributes:
        labels: Index of the label of each axis, (n, axes).
        costs: Parameters, multiply-adds and activations, (n, 3).
    """

    labels: Ints
    costs: Ints


class Networks(Protocol):
    """All distinct networks of a space, in an order of their own."""

    chain: Chain
    total: int

    def count(self, bounds: Bounds) -> int:
        """How many lie within bounds."""
        ...

    def take(self, bounds: Bounds, ranks: Ints) -> Batch:
        """Those of these ranks among the ones within bounds."""
        ...

    def extreme(self, bounds: Bounds, cost: str, *, most: bool) -> int | None:
        """The least or the most of one cost within bounds; None where nothing is."""
        ...


class Listed:
    """The networks of a small space, in a list."""

    def __init__(self, chain: Chain) -> None:
        """Look at every combination of labels."""
        self.chain = chain
        self._points = Points(chain)
        self.total = len(self._points.labels)

    def count(self, bounds: Bounds) -> int:
        """How many lie within bounds."""
        return len(self._within(bounds))

    def take(self, bounds: Bounds, ranks: Ints) -> Batch:
        """By their place among those within bounds."""
        chosen = self._within(bounds)[ranks]
        return Batch(self._points.labels[chosen], self._points.costs[chosen])

    def extreme(self, bounds: Bounds, cost: str, *, most: bool) -> int | None:
        """Of those within bounds."""
        values = self._points.costs[self._within(bounds), COSTS.index(cost)]
        if not len(values):
            return None
        return int(values.max() if most else values.min())

    def _within(self, bounds: Bounds) -> Ints:
        kept = np.ones(self.total, bool)
        for name in bounds.limited:
            low, high = bounds.of(name)
            values = self._points.costs[:, COSTS.index(name)]
            kept &= (low <= values) & (values <= high)
        return np.flatnonzero(kept)


class Composed:
    """The networks of a large space, as paths that are counted and never listed."""

    def __init__(self, chain: Chain) -> None:
        """Make the automaton.

        Raises:
            TooLargeError: It has too many states, or its halves are too long.
        """
        self.chain = chain
        self._states = States(chain)
        self._at = cut(self._states)
        self.total = sum(paths_from(self._states)[0].values())
        self._first = np.array(
            [(state.settings & -state.settings).bit_length() - 1 for state in self._states.ends],
            np.int32,
        )
        self._indexed = lru_cache(maxsize=4)(self._index)
        self._within = lru_cache(maxsize=64)(self._find)

    def count(self, bounds: Bounds) -> int:
        """By pairs of halves."""
        return self.total if not bounds.limited else self._within(bounds, bounds.limited).count

    def take(self, bounds: Bounds, ranks: Ints) -> Batch:
        """By the paths of these ranks."""
        return self._spelt(*self._within(bounds, bounds.limited).edges(ranks))

    def extreme(self, bounds: Bounds, cost: str, *, most: bool) -> int | None:
        """By the best partner of each half; of all networks, step by step."""
        if not bounds.limited:
            return extreme_path(self._states, COSTS.index(cost), most=most)
        order = (*(name for name in bounds.limited if name != cost), cost)
        return self._within(bounds, order).extreme(most=most)

    def _index(self, limited: tuple[str, ...]) -> Indexed:
        return Indexed(self._states, [COSTS.index(name) for name in limited], self._at)

    def _find(self, bounds: Bounds, limited: tuple[str, ...]) -> Within:
        pairs = np.array([bounds.of(name) for name in limited], np.int64).reshape(-1, 2)
        return self._indexed(limited).within(Window(pairs[:, 0], pairs[:, 1]))

    def _spelt(self, edges: Ids, ends: Ids) -> Batch:
        """Labels and costs of paths, under the first setting that makes each."""
        names = list(self.chain.axes)
        setting = self._first[ends]
        labels = np.zeros((len(edges), len(names)), np.int64)
        costs = np.zeros((len(edges), len(COSTS)), np.int64)
        for number, layer in enumerate(self._states.layers):
            own = layer.labels(edges[:, number], setting)
            for column, name in enumerate(layer.component.axes):
                labels[:, names.index(name)] = own[:, column]
            costs += layer.costs[edges[:, number]]
        return Batch(labels, costs)


FEW = 1 << 15  # combinations that are always listed


def networks(chain: Chain) -> Networks:
    """The networks of a chain, listed where they are few.

    Raises:
        TooLargeError: The space does not decompose, and is too large to be listed.
    """
    if chain.combinations <= FEW:
        return Listed(chain)
    try:
        return Composed(chain)
    except TooLargeError:
        return Listed(chain)
