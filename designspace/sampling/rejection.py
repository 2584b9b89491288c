"""Bounded search for networks that cannot be counted: draw random points, keep those that fit.

There are two cases: a space that does not decompose, and limits on three costs at once in a space
too large to be listed. All results, including the acceptance, are about the points seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from designspace.errors import InputError
from designspace.sampling.count.bounds import FAR, Bounds
from designspace.sampling.feasible import Draw, Feasible
from designspace.sampling.pricing import PricedPoint
from designspace.sampling.tables.active_labels import active_labels
from designspace.sampling.tables.components import COSTS
from designspace.sampling.task import Task
from designspace.spec.space.axis import Axis
from designspace.spec.space.space import Point

LOOKED = 4096  # smallest budget of points
TIMES = 64  # budget of points per requested network
MOST_MADE = 1 << 16  # largest budget of points that are made and costed one by one
MOST_DRAWN = 1 << 24  # largest budget of networks drawn from a counted set


class Limited(Protocol):
    """The networks of a space within bounds, counted or only searched."""

    @property
    def bounds(self) -> Bounds:
        """The bounds."""
        ...

    @property
    def axes(self) -> Mapping[str, Axis]:
        """The axes of the space."""
        ...

    @property
    def task(self) -> Task:
        """The task on which the networks are costed."""
        ...

    @property
    def total(self) -> int | None:
        """The number of distinct networks of the space; None if not counted."""
        ...

    @property
    def count(self) -> int | None:
        """The number of them within the bounds; None if not counted."""
        ...

    def draw(self, n: int, seed: int = 0, *, stratify: str | None = None) -> Draw:
        """Draw distinct networks within the bounds; fewer if no more are found."""
        ...

    @property
    def reason(self) -> str:
        """The reason why they are not counted; empty if they are."""
        ...


def fits(bounds: Bounds, costs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return whether each of n networks is within bounds, (n,)."""
    kept = np.ones(len(costs["params"]), bool)
    for name in bounds.limited:
        low, high = bounds.of(name)
        kept &= (low <= costs[name]) & (costs[name] <= high)
    return kept


def only(draw: Draw, kept: np.ndarray) -> Draw:
    """Return some networks of a draw, chosen by a mask (n,) or indices."""
    return Draw(draw.axes, draw.labels[kept], draw.params[kept], draw.macs[kept], draw.acts[kept])


@dataclass
class Thinned:
    """The networks within bounds on three costs: drawn within two of them, kept within the third.

    Attributes:
        inner: Counted networks within the bounds on two of the costs.
        bounds: Bounds on all three costs.
        acceptance: Share kept in the last draw; None before the first.
        count: Always None, because they are not counted.
        reason: Reason why they are not counted.
    """

    inner: Feasible
    bounds: Bounds
    acceptance: float | None = None
    count: None = None
    reason: str = "it is large, and three costs are limited at once"

    @property
    def axes(self) -> Mapping[str, Axis]:
        """The axes of the space."""
        return self.inner.axes

    @property
    def task(self) -> Task:
        """The task on which the networks are costed."""
        return self.inner.task

    @property
    def total(self) -> int:
        """The number of distinct networks of the space."""
        return self.inner.total

    def draw(self, n: int, seed: int = 0, *, stratify: str | None = None) -> Draw:
        """Draw uniformly from the networks within the bounds, with a bounded number of draws."""
        wanted = n
        while True:
            drawn = self.inner.draw(wanted, seed, stratify=stratify)
            kept = np.flatnonzero(fits(self.bounds, drawn.costs()))
            self.acceptance = len(kept) / max(len(drawn), 1)
            enough = len(kept) >= n or len(drawn) < wanted
            most = min(max(TIMES * n, LOOKED), max(n, MOST_DRAWN))
            if enough or wanted >= most:
                return only(drawn, kept[:n])
            wanted = min(2 * wanted, most)


@dataclass
class Searched:
    """The networks of a space that does not decompose: labels are drawn, made and costed.

    The draw is uniform over labels, not over networks.

    Attributes:
        axes: Axes of the space.
        task: Task on which the networks are costed.
        bounds: Bounds on the costs.
        price: Function that returns the network at a point with its cost; it raises InputError if
            the point does not make one.
        reason: Reason why the space is not counted.
        acceptance: Share of points kept in the last draw; None before the first.
    """

    axes: Mapping[str, Axis]
    task: Task
    bounds: Bounds
    price: Callable[[Point], PricedPoint]
    reason: str = ""
    acceptance: float | None = None
    total: None = None
    count: None = None
    _seen: set[str] = field(default_factory=set[str])
    _priced: dict[Any, tuple[str, tuple[int, int, int]] | None] = field(
        default_factory=dict[Any, Any]
    )

    def draw(self, n: int, seed: int = 0, *, stratify: str | None = None) -> Draw:
        """Draw distinct networks within the bounds, from a bounded number of points.

        Raises:
            InputError: The draw is stratified, which needs a count.
        """
        if stratify:
            raise InputError(
                f"stratified sampling needs a space that can be counted: {self.reason}"
            )
        return self.look(n, min(max(LOOKED, TIMES * n), MOST_MADE), seed)

    def look(self, n: int, most: int, seed: int = 0) -> Draw:
        """Search for up to `n` distinct networks within the bounds, in up to `most` points."""
        stream = np.random.default_rng(seed)
        sizes = [len(axis.choices) for axis in self.axes.values()]
        labels: list[np.ndarray] = []
        costs: list[tuple[int, int, int]] = []
        self._seen = set()
        looked = 0
        while len(labels) < n and looked < most:
            looked += 1
            row = stream.integers(0, sizes)
            found = self._look(row)
            if found is not None:
                labels.append(row)
                costs.append(found)
        self.acceptance = len(labels) / max(looked, 1)
        columns = np.array(costs, np.int64).reshape(-1, 3).T
        return Draw(self.axes, np.array(labels, np.int64).reshape(-1, len(sizes)), *columns)

    def _look(self, row: np.ndarray) -> tuple[int, int, int] | None:
        """Return the costs at some labels; None if invalid, out of bounds or seen before."""
        key = tuple(row.tolist())
        if key not in self._priced:
            self._priced[key] = self._price(key)
        found = self._priced[key]
        if found is None or found[0] in self._seen:
            return None
        digest, costs = found
        inside = all(
            low <= costs[COSTS.index(name)] <= high
            for name, (low, high) in ((name, self.bounds.of(name)) for name in self.bounds.limited)
        )
        if not inside:
            return None
        self._seen.add(digest)
        return costs

    def _price(self, row: tuple[int, ...]) -> tuple[str, tuple[int, int, int]] | None:
        """Return identity and costs of the network at some labels; None if there is none."""
        pairs = zip(self.axes.items(), row, strict=True)
        labels = {name: axis.labels[i] for (name, axis), i in pairs}
        try:
            found = self.price(active_labels(self.axes, labels))
        except InputError:
            return None
        return found.identity, (found.params, found.macs, found.acts)


def first_two(bounds: Bounds) -> Bounds:
    """Return the bounds without those on the third limited cost."""
    return bounds.with_(bounds.limited[-1], -FAR, FAR)
