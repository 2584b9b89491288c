"""The repair of proposals: from a proposed point to a network that may be trained.

The network must be valid, within the limits, and new. If a point is not, and the space is counted,
a near network within the limits replaces it. Otherwise its neighbours are tried by increasing
Hamming distance, then random points, up to a fixed number of networks. No loop is unbounded.

Example: with axes of 2 and 3 labels, a repair of the point (0, 1) tries (1, 1), (0, 0) and (0, 2)
in random order, then (1, 0) and (1, 2).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from designspace.costing import lacks_formula
from designspace.errors import InfeasibleError, InputError
from designspace.records.study.events import Proposed
from designspace.sampling.infeasible import why_none_seen
from designspace.sampling.pricing import PricedPoint, price_point
from designspace.searching.proposers.neighbours import neighbours, row_of
from designspace.searching.proposers.pool import Pool
from designspace.searching.proposers.proposer import draw, next_axis
from designspace.spec.network.network import Network
from designspace.spec.space.limits import Costs
from designspace.spec.space.space import Point, Space

TRIES = 4096  # networks to try in one repair


def proposed(space: Space, number: int, candidate: PricedPoint, proposer: str) -> Proposed:
    """Return the event that a network was chosen for trial `number`."""
    return Proposed(
        trial=number,
        point=candidate.point,
        changes=space.changes(candidate.point),
        digest=candidate.digest,
        params=candidate.params,
        macs=candidate.macs,
        acts=candidate.acts,
        proposer=proposer,
        repaired=candidate.repaired,
        recipe=candidate.recipe,
        recipe_changes=space.recipe_changes(candidate.point),
        by_torch=lacks_formula(partial(space.spec, candidate.point)),
    )


class Candidates:
    """The networks of one space by point, with a memory of their costs."""

    def __init__(
        self,
        space: Space,
        cost: Callable[[Network], Costs],
        pool: Pool | None = None,
    ) -> None:
        """Store a space, the cost function of its networks, and its pool if it is counted."""
        self._space, self._cost, self._pool = space, cost, pool
        self._seen: dict[tuple[tuple[str, str], ...], PricedPoint | None] = {}

    def look(self, point: Point) -> PricedPoint | None:
        """Return the network of a point; None if the network or its recipe is not valid."""
        key = tuple(sorted(point.items()))
        if key not in self._seen:
            try:
                self._seen[key] = price_point(self._space, point, self._cost)
            except InputError:
                self._seen[key] = None
        return self._seen[key]

    def choose(self, point: Point, taken: set[str], rng: random.Random) -> PricedPoint | None:
        """Return the nearest feasible network that is not taken; None if none was found."""
        first = self.look(point)
        if self._free(first, taken):
            return first
        for near in self._near(point, taken, rng):
            found = self.look(near)
            if found is not None and self._free(found, taken):
                return replace(found, repaired=True)
        return None

    def exhausted(self, taken: set[str]) -> str:
        """Return why `choose` found nothing."""
        counted = self._pool is not None and self._pool.count is not None
        if counted or self._space.size <= TRIES:
            return f"every network within the limits is tried ({len(taken)} in all)"
        return f"no new network within the limits among {TRIES} around the proposal"

    def _free(self, found: PricedPoint | None, taken: set[str]) -> bool:
        return found is not None and self._fits(found) and found.identity not in taken

    def _near(self, point: Point, taken: set[str], rng: random.Random) -> Iterator[Point]:
        if self._pool is not None:
            return self._pool.near(point, len(taken), rng)
        return itertools.islice(self._around(point, rng), TRIES)

    def _fits(self, candidate: PricedPoint) -> bool:
        return all(limit.broken_by(candidate) is None for limit in self._space.limits)

    def _around(self, point: Point, rng: random.Random) -> Iterator[Point]:
        """Yield neighbours at distance 1, 2, ..., each in random order, then random points."""
        if self._space.size <= TRIES:
            distances = range(1, len(self._space.axes) + 1)
        else:
            distances = range(1, 3)
        row = row_of(self._space.axes, point, rng)
        for distance in distances:
            yield from self._at(row, distance, rng)
        for _ in range(TRIES):
            yield draw(self._space, rng)

    def _at(self, row: list[int], distance: int, rng: random.Random) -> Iterator[Point]:
        """Yield the points that differ in the labels of `distance` axes."""
        axes = self._space.axes
        sizes = [len(axis.labels) for axis in axes.values()]
        for changed in neighbours(row, sizes, distance, rng):
            pairs = zip(axes.items(), changed, strict=True)
            yield self._active({name: axis.labels[index] for (name, axis), index in pairs})

    def _active(self, labels: Point) -> Point:
        """Return the labels of the axes that have an effect."""
        point: Point = {}
        while (item := next_axis(self._space, point)) is not None:
            point[item[0]] = labels[item[0]]
        return point

    def refuse(self) -> InfeasibleError:
        """Return the error for a space in which nothing fits, with the limit at fault."""
        seen = [found for found in self._seen.values() if found is not None]
        return InfeasibleError(
            f"space {self._space.name}: {why_none_seen(self._space.limits, seen)}"
        )
