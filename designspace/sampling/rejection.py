"""Bounded search, for what cannot be counted: points at random, kept where they fit.

Two cases come here: a space that does not decompose, and limits on three costs at once in a space
too large to be listed. Nothing is promised but what was seen, the acceptance included.
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

LOOKED = 4096  # points, at least
TIMES = 64  # points for each network that is wanted
MOST_MADE = 1 << 16  # points at most, where each is made and costed by itself
MOST_DRAWN = 1 << 24  # networks drawn at most, where they only are looked at


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
        """What the networks are costed on."""
        ...

    @property
    def total(self) -> int | None:
        """How many distinct networks the space has; None where it was not counted."""
        ...

    @property
    def count(self) -> int | None:
        """How many of them are within the bounds; None where it was not counted."""
        ...

    def draw(self, n: int, seed: int = 0, *, stratify: str | None = None) -> Draw:
        """Distinct networks within the bounds; fewer where no more are found."""
        ...

    @property
    def reason(self) -> str:
        """Why they are not counted; empty where they are."""
        ...


def fits(bounds: Bounds, costs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Which of n networks are within bounds, (n,)."""
    kept = np.ones(len(costs["params"]), bool)
    for name in bounds.limited:
        low, high = bounds.of(name)
        kept &= (low <= costs[name]) & (costs[name] <= high)
    return kept


def only(draw: Draw, kept: np.ndarray) -> Draw:
    """Some networks of a draw."""
    return Draw(draw.axes, draw.labels[kept], draw.params[kept], draw.macs[kept], draw.acts[kept])


@dataclass
class Thinned:
    """The networks within bounds on three costs: drawn exactly by two, kept by the third.

    Attributes:
        inner: The networks within the bounds on two of the costs, counted.
        bounds: All of the bounds.
        acceptance: The share kept in the last draw; None before.
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
        """What the networks are costed on."""
        return self.inner.task

    @property
    def total(self) -> int:
        """How many distinct networks the space has."""
        return self.inner.total

    def draw(self, n: int, seed: int = 0, *, stratify: str | None = None) -> Draw:
        """Uniform among those within the bounds; bounded in the number of draws."""
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
    """The networks of a space that does not decompose: labels drawn at random, made and costed.

    Uniform over labels, not over networks.

    Attributes:
        axes: The space's axes.
        task: What the networks are costed on.
        bounds: The bounds.
        price: The network at a point with its cost; raises InputError where it has none.
        reason: Why the space is not counted.
        acceptance: The share of points kept in the last draw; None before.
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
        """Distinct networks within the bounds, looked for in a bounded number of points.

        Raises:
            InputError: A stratified draw, which needs a count.
        """
        if stratify:
            raise InputError(
                f"stratified sampling needs a space that can be counted: {self.reason}"
            )
        return self.look(n, min(max(LOOKED, TIMES * n), MOST_MADE), seed)

    def look(self, n: int, most: int, seed: int = 0) -> Draw:
        """Up to `n` distinct networks within the bounds, from at most so many points."""
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
        """The costs of the network at some labels; None where it does not count."""
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
        """Digest and costs of the network at some labels; None where there is none."""
        pairs = zip(self.axes.items(), row, strict=True)
        labels = {name: axis.labels[i] for (name, axis), i in pairs}
        try:
            found = self.price(active_labels(self.axes, labels))
        except InputError:
            return None
        return found.identity, (found.params, found.macs, found.acts)


def first_two(bounds: Bounds) -> Bounds:
    """The bounds without the third limited cost, the one that is thinned."""
    return bounds.with_(bounds.limited[-1], -FAR, FAR)
