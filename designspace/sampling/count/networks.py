"""The distinct networks of a space: counts within bounds, networks by rank, and extreme costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from designspace.sampling.count.automaton import States
from designspace.sampling.count.bounds import FAR, Bounds
from designspace.sampling.count.enumerated import Points
from designspace.sampling.count.meet_in_the_middle import cut, extreme_path, paths_from
from designspace.sampling.count.paths import Indexed, Paths, Window, Within
from designspace.sampling.count.range_queries import MOST_COSTS, Ends
from designspace.sampling.tables.chain import Chain
from designspace.sampling.tables.components import COSTS, label_indices
from designspace.sampling.tables.part_tables import TooLargeError
from designspace.sampling.tables.wavelet import Ints
from designspace.spec.space.axis import Axis


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
    """All distinct networks of a space, in a fixed order.

    Attributes:
        chain: Chain of components of the networks.
        axes: Axes of the space.
        total: Number of networks.
        exact: Largest number of costs that bounds may limit at once.
    """

    chain: Chain
    axes: Mapping[str, Axis]
    total: int
    exact: int

    def count(self, bounds: Bounds) -> int:
        """Return the number of networks within bounds."""
        ...

    def take(self, bounds: Bounds, ranks: Ints) -> Batch:
        """Return the networks of these ranks among those within bounds."""
        ...

    def extreme(self, bounds: Bounds, cost: str, *, most: bool) -> int | None:
        """Return the smallest or largest value of one cost within bounds; None if no network is."""
        ...

    def has(self, bounds: Bounds, name: str, label: str) -> bool:
        """Return whether some combination with this label on this axis is within bounds."""
        ...


class Listed:
    """The networks of a small space, as a list."""

    def __init__(self, chain: Chain) -> None:
        """List every combination of labels."""
        self.chain, self.axes = chain, chain.axes
        self._points = Points(chain)
        self.exact = len(COSTS)
        self.total = len(self._points.first)

    def count(self, bounds: Bounds) -> int:
        """Return the number of networks within bounds."""
        return len(self._within(bounds))

    def take(self, bounds: Bounds, ranks: Ints) -> Batch:
        """Return the networks at these places among those within bounds."""
        chosen = self._within(bounds)[ranks]
        return Batch(self._points.labels[chosen], self._points.costs[chosen])

    def extreme(self, bounds: Bounds, cost: str, *, most: bool) -> int | None:
        """Return the extreme among the networks within bounds."""
        values = self._points.costs[self._within(bounds), COSTS.index(cost)]
        if not len(values):
            return None
        return int(values.max() if most else values.min())

    def has(self, bounds: Bounds, name: str, label: str) -> bool:
        """Look for the label in all combinations within bounds."""
        column, index = list(self.axes).index(name), self.axes[name].labels.index(label)
        return bool((self._points.labels[self._fits(bounds), column] == index).any())

    def _within(self, bounds: Bounds) -> Ints:
        return self._points.first[self._fits(bounds)[self._points.first]]

    def _fits(self, bounds: Bounds) -> NDArray[np.bool_]:
        kept = np.ones(len(self._points.costs), bool)
        for name in bounds.limited:
            low, high = bounds.of(name)
            values = self._points.costs[:, COSTS.index(name)]
            kept &= (low <= values) & (values <= high)
        return kept


class Composed:
    """The networks of a large space, as paths that are counted and never listed."""

    def __init__(self, chain: Chain) -> None:
        """Build the automaton.

        Raises:
            TooLargeError: It has too many states, or its halves are too long.
        """
        self.chain, self.axes = chain, chain.axes
        self._states = States(chain)
        self._at = cut(self._states)
        self.exact = MOST_COSTS
        self.total = sum(paths_from(self._states)[0].values())
        self._first = np.array(
            [(state.settings & -state.settings).bit_length() - 1 for state in self._states.ends],
            np.int32,
        )
        self._known: dict[tuple[str, ...], Indexed] = {}
        self._within = lru_cache(maxsize=64)(self._find)
        self._ends = lru_cache(maxsize=64)(self._find_ends)

    def count(self, bounds: Bounds) -> int:
        """Count the pairs of halves, with an existing index if one holds these costs."""
        if not bounds.limited:
            return self.total
        wide = (each for each in self._known if {*bounds.limited} <= {*each})
        return self._within(bounds, next(wide, bounds.limited)).count

    def take(self, bounds: Bounds, ranks: Ints) -> Batch:
        """Return the networks of the paths of these ranks."""
        labels = np.empty((len(ranks), len(self.axes)), np.int64)
        costs = np.empty((len(ranks), len(COSTS)), np.int64)
        for paths in self._within(bounds, bounds.limited).paths(ranks):
            labels[paths.places], costs[paths.places] = self._spelt(paths)
        return Batch(labels, costs)

    def extreme(self, bounds: Bounds, cost: str, *, most: bool) -> int | None:
        """Return the extreme, by the halves that reach furthest, or without bounds by layer."""
        if not bounds.limited:
            return extreme_path(self._states, COSTS.index(cost), most=most)
        order = tuple(dict.fromkeys((*bounds.limited, cost)))
        found = self._ends(bounds, order).of((order.index(cost), most))
        return None if abs(found) == FAR else found

    def has(self, bounds: Bounds, name: str, label: str) -> bool:
        """Count the networks of the space with only this label on this axis."""
        only = self.axes[name].model_copy(
            update={"choices": {label: self.axes[name].choices[label]}}
        )
        chain = Chain({**self.axes, name: only}, self.chain.base, self.chain.task)
        return networks(chain).count(bounds) > 0

    def _indexed(self, limited: tuple[str, ...]) -> Indexed:
        """Return the index over some costs; the last four are kept."""
        if limited not in self._known:
            while len(self._known) > 3:
                del self._known[next(iter(self._known))]
            columns = [COSTS.index(name) for name in limited]
            self._known[limited] = Indexed(self._states, columns, self._at)
        return self._known[limited]

    def _find(self, bounds: Bounds, limited: tuple[str, ...]) -> Within:
        return self._indexed(limited).within(_window(bounds, limited))

    def _find_ends(self, bounds: Bounds, limited: tuple[str, ...]) -> Ends:
        return self._indexed(limited).ends(_window(bounds, limited))

    def _spelt(self, paths: Paths) -> tuple[Ints, Ints]:
        """Return labels (k, axes) and costs (k, 3) under each path's first setting."""
        setting = self._first[paths.ends]
        labels = np.zeros((len(setting), len(self.axes)), np.int64)
        costs = np.zeros((len(setting), len(COSTS)), np.int64)
        for layer, words, edges in zip(self._states.layers, self._words, paths.edges, strict=True):
            labels += words.take(layer.rows_of(edges, setting), axis=0)
            costs += layer.costs.take(edges, axis=0)
        return labels, costs

    @cached_property
    def _words(self) -> list[Ints]:
        """Labels of the axes that no earlier component has, per component's row, (rows, axes)."""
        tables: list[Ints] = []
        told: set[str] = set()
        for component in self.chain.components:
            labels = label_indices(np.arange(component.rows), component.sizes)
            table = np.zeros((component.rows, len(self.axes)), np.int64)
            for column, name in enumerate(self.axes):
                if name in component.axes and name not in told:
                    table[:, column] = labels[:, component.axes.index(name)]
            told |= set(component.axes)
            tables.append(table)
        return tables


def _window(bounds: Bounds, limited: tuple[str, ...]) -> Window:
    pairs = np.array([bounds.of(name) for name in limited], np.int64).reshape(-1, 2)
    return Window(pairs[:, :1], pairs[:, 1:])


FEW = 1 << 15  # spaces of up to this many combinations are always listed


def networks(chain: Chain) -> Networks:
    """Return the networks of a chain, listed if they are few.

    Raises:
        TooLargeError: The space does not decompose, and is too large to be listed.
    """
    if chain.combinations <= FEW:
        return Listed(chain)
    try:
        return Composed(chain)
    except TooLargeError:
        return Listed(chain)
