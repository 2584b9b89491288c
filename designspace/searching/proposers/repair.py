"""From a proposed point to a network that may be trained: valid, within the limits, and new.

A point that is none of these is repaired: by a near network within the limits, where the space is
counted; else its neighbours are tried by growing Hamming distance, then random points, up to a
fixed number of networks. Nothing here loops without a bound.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from designspace.costing import lacks_formula
from designspace.errors import InfeasibleError, InputError
from designspace.records.study.events import Proposed
from designspace.records.study.state import identity
from designspace.searching.proposers.pool import Pool
from designspace.searching.proposers.proposer import draw, next_axis
from designspace.spec.space.limits import Costs, Limit
from designspace.spec.space.space import Point, Space

TRIES = 4096  # networks looked at in one repair


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network of the space with its cost; `recipe` is its recipe's digest where that varies."""

    point: Point
    digest: str
    params: int
    macs: int
    acts: int
    recipe: str | None = None
    repaired: bool = False

    @property
    def identity(self) -> str:
        """What it shares with no other trial: the network, and the recipe where it varies."""
        return identity(self.digest, self.recipe)


def proposed(space: Space, number: int, candidate: Candidate, proposer: str) -> Proposed:
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
    """Looks networks up in one space, and remembers what it saw of their costs."""

    def __init__(
        self,
        space: Space,
        price: Callable[[Point], tuple[str, Costs]],
        pool: Pool | None = None,
    ) -> None:
        """Take a space, a function from a point to its digest and costs, and the pool, if counted.

        The function raises InputError where the point makes no valid network.
        """
        self._space, self._price, self._pool = space, price, pool
        self._seen: dict[tuple[tuple[str, str], ...], Candidate | None] = {}

    def look(self, point: Point) -> Candidate | None:
        """The network of a point, None where it or its recipe is not valid."""
        key = tuple(sorted(point.items()))
        if key not in self._seen:
            try:
                digest, cost = self._price(point)
                recipe = self._space.recipe_digest(point)
            except InputError:
                self._seen[key] = None
            else:
                counts = (cost.params, cost.macs, cost.acts)
                self._seen[key] = Candidate(point, digest, *counts, recipe)
        return self._seen[key]

    def choose(self, point: Point, taken: set[str], rng: random.Random) -> Candidate | None:
        """The nearest feasible network whose identity is not taken; None where none was found."""
        first = self.look(point)
        if self._free(first, taken):
            return first
        for near in self._near(point, taken, rng):
            found = self.look(near)
            if found is not None and self._free(found, taken):
                return replace(found, repaired=True)
        return None

    def exhausted(self, taken: set[str]) -> str:
        """Why `choose` found nothing."""
        counted = self._pool is not None and self._pool.count is not None
        if counted or self._space.size <= TRIES:
            return f"every network within the limits is tried ({len(taken)} in all)"
        return f"no new network within the limits among {TRIES} around the proposal"

    def _free(self, found: Candidate | None, taken: set[str]) -> bool:
        return found is not None and self._fits(found) and found.identity not in taken

    def _near(self, point: Point, taken: set[str], rng: random.Random) -> Iterator[Point]:
        if self._pool is not None:
            return self._pool.near(point, len(taken), rng)
        return itertools.islice(self._around(point, rng), TRIES)

    def _fits(self, candidate: Candidate) -> bool:
        return all(limit.broken_by(candidate) is None for limit in self._space.limits)

    def _around(self, point: Point, rng: random.Random) -> Iterator[Point]:
        """Neighbours at distance 1, 2, ... each in random order, then random points."""
        if self._space.size <= TRIES:
            distances = range(1, len(self._space.axes) + 1)
        else:
            distances = range(1, 3)
        for distance in distances:
            yield from self._at(point, distance, rng)
        for _ in range(TRIES):
            yield draw(self._space, rng)

    def _at(self, point: Point, distance: int, rng: random.Random) -> Iterator[Point]:
        """The points that differ from this one in the labels of so many axes."""
        chosen = list(itertools.combinations(self._space.axes.items(), distance))
        rng.shuffle(chosen)
        for group in chosen:
            others = [[x for x in axis.labels if x != point.get(name)] for name, axis in group]
            labels = list(itertools.product(*others))
            rng.shuffle(labels)
            for picked in labels:
                changed = dict(zip((name for name, _ in group), picked, strict=True))
                yield self._completed({**point, **changed}, rng)

    def _completed(self, wanted: Point, rng: random.Random) -> Point:
        """A whole point with the wanted labels where their axes are active."""
        point: Point = {}
        while (item := next_axis(self._space, point)) is not None:
            name, axis = item
            point[name] = wanted.get(name) or rng.choice(axis.labels)
        return point

    def refuse(self) -> InfeasibleError:
        """The error of a space in which nothing fits, with the limit at fault."""
        seen = [candidate for candidate in self._seen.values() if candidate is not None]
        if not seen:
            return InfeasibleError(f"space {self._space.name}: no point makes a valid network")
        alone = [x for x in self._space.limits if not any(x.broken_by(c) is None for c in seen)]
        at_fault = alone or list(self._space.limits)
        said = "; ".join(_nearest(limit, seen) for limit in at_fault)
        how = "" if alone else "its limits exclude each other: "
        return InfeasibleError(
            f"space {self._space.name}: no network within its limits "
            f"({len(seen)} networks looked at): {how}{said}"
        )


def _distance(limit: Limit, candidate: Candidate) -> int:
    value: int = getattr(candidate, limit.cost)
    below = 0 if limit.low is None else limit.low - value
    above = 0 if limit.high is None else value - limit.high
    return max(below, above, 0)


def _nearest(limit: Limit, seen: list[Candidate]) -> str:
    best = min(seen, key=lambda candidate: _distance(limit, candidate))
    low = "any" if limit.low is None else f"{limit.low:,}"
    high = "any" if limit.high is None else f"{limit.high:,}"
    return f"{limit.cost} must be {low} to {high}, nearest seen {getattr(best, limit.cost):,}"
