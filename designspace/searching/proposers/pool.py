"""The networks within a study's limits, if its space is counted: drawn, and searched nearby.

A proposal therefore needs no rejection, however narrow the limits are, and an empty space is
reported before anything starts.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import numpy as np

from designspace.sampling.feasible import Draw, Feasible
from designspace.sampling.rejection import Searched, Thinned, fits
from designspace.sampling.space import CountedSpace
from designspace.sampling.tables.active_labels import active_labels
from designspace.sampling.tables.components import COSTS
from designspace.sampling.tables.wavelet import Ints
from designspace.sampling.task import Task
from designspace.searching.proposers.neighbours import neighbours, row_of
from designspace.searching.request import Request, exact
from designspace.spec.space.space import Point

NEIGHBOURS = 1 << 16  # points whose costs are checked in one repair, per distance
DRAWN = 1024  # networks to take the nearest of, if no neighbour is within the limits


class Pool:
    """All networks of a space within its limits.

    Attributes:
        limited: Networks to draw from.
    """

    def __init__(self, limited: Feasible | Thinned) -> None:
        self.limited = limited
        self._counted = limited.inner if isinstance(limited, Thinned) else limited

    @property
    def count(self) -> int | None:
        """Number of networks; None if three limits at once make it unknown."""
        return self.limited.count

    def at(self, number: int, seed: int) -> Point:
        """Return the network of this number, from 1, in the order in which `seed` draws them all.

        No network comes twice before all have come, and all are equally likely.
        """
        draw = self.limited.draw(number, seed)
        place = (number - 1) % len(draw)
        return next(_rows(draw, slice(place, place + 1)).points())

    def near(self, point: Point, taken: int, rng: random.Random) -> Iterator[Point]:
        """Yield networks that differ from a point in one label, in two, then others, nearest first.

        Of the last group at least one is none of the `taken` networks, if there is such a network.
        """
        row = np.array(row_of(self.limited.axes, point, rng))
        for distance in (1, 2):
            yield from self._points(self._within(self._changed(row, distance, rng), rng))
        draw = self.limited.draw(max(taken + 1, DRAWN), rng.getrandbits(32))
        order = np.argsort((draw.labels != row).sum(axis=1), kind="stable")
        yield from self._points(draw.labels[order])

    def _changed(self, row: Ints, distance: int, rng: random.Random) -> Ints:
        """Return rows that differ from a row in `distance` labels, `NEIGHBOURS` at most."""
        sizes = [len(axis.labels) for axis in self.limited.axes.values()]
        rows = neighbours(row.tolist(), sizes, distance, rng)
        listed = list(itertools.islice(rows, NEIGHBOURS))
        return np.array(listed, np.int64).reshape(-1, len(sizes))

    def _within(self, rows: Ints, rng: random.Random) -> Ints:
        """Return the rows that are networks within the limits, in random order."""
        chain, names = self._counted.chain, list(self.limited.axes)
        costs = chain.costs(rows[:, [names.index(name) for name in chain.axes]])
        columns: dict[str, Ints] = dict(zip(COSTS, costs.T, strict=True))
        kept: list[int] = np.flatnonzero(
            fits(self.limited.bounds, columns) & (costs[:, 0] >= 0)
        ).tolist()
        rng.shuffle(kept)
        return rows[kept]

    def _points(self, rows: Ints) -> Iterator[Point]:
        axes = self.limited.axes
        listed: list[list[int]] = rows.tolist()
        for row in listed:
            pairs = zip(axes.items(), row, strict=True)
            yield active_labels(axes, {name: axis.labels[i] for (name, axis), i in pairs})


def pool_of(request: Request) -> Pool | None:
    """Return the networks that a study may train; None if its space is not counted.

    Raises:
        InputError: No combination of labels makes a valid network.
        InfeasibleError: No network is within the limits; the message names the limit at fault, the
            nearest value, and how many networks a relaxed limit would admit.
    """
    space = request.space
    if not isinstance(space, CountedSpace) or request.price is not exact:
        return None
    found = space.not_empty(space.feasible(task=_task(request)))
    return None if isinstance(found, Searched) else Pool(found)


def is_empty(request: Request) -> bool | None:
    """Return whether a counted space has no network within its limits; None if it is not counted.

    Raises:
        InputError: No combination of labels makes a valid network.
    """
    space = request.space
    if not isinstance(space, CountedSpace) or request.price is not exact:
        return None
    found = space.feasible(task=_task(request))
    counted = found.inner if isinstance(found, Thinned) else found
    return not counted.count if isinstance(counted, Feasible) else None


def _task(request: Request) -> Task:
    data = request.data
    size = data.image_size or request.space.base_network().input_size
    return Task(size, data.channels, data.num_classes)


def _rows(draw: Draw, which: slice) -> Draw:
    costs = draw.params[which], draw.macs[which], draw.acts[which]
    return Draw(draw.axes, draw.labels[which], *costs)
