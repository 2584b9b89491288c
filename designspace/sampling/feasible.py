"""The networks of a space within limits: their number, and uniform draws of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from designspace.sampling.count.bounds import Bounds
from designspace.sampling.count.networks import Batch, Networks
from designspace.sampling.random_ranks import ranks
from designspace.sampling.tables.active_labels import settling_order
from designspace.sampling.tables.chain import Chain
from designspace.sampling.tables.components import COSTS
from designspace.sampling.tables.wavelet import Ints
from designspace.sampling.task import Task
from designspace.spec.space.axis import Axis
from designspace.spec.space.space import Point

BINS = 64  # largest number of bins of a stratified draw


@dataclass(frozen=True, slots=True)
class Draw:
    """Distinct networks as arrays.

    Attributes:
        axes: Axes of the space that the networks come from.
        labels: Index of the label of each axis, (n, axes).
        params: Number of learnable parameters, (n,).
        macs: Number of multiply-adds, (n,).
        acts: Number of output elements, (n,).
    """

    axes: Mapping[str, Axis]
    labels: Ints
    params: Ints
    macs: Ints
    acts: Ints

    def __len__(self) -> int:
        return len(self.labels)

    def costs(self) -> dict[str, Ints]:
        """Return each cost by name, (n,)."""
        return {"params": self.params, "macs": self.macs, "acts": self.acts}

    def head(self, n: int) -> Draw:
        """Return the first n networks."""
        costs = self.params[:n], self.macs[:n], self.acts[:n]
        return Draw(self.axes, self.labels[:n], *costs)

    def active(self) -> NDArray[np.bool_]:
        """Return whether each axis has an effect, that is, its conditions hold, (n, axes)."""
        names = list(self.axes)
        found = np.ones(self.labels.shape, bool)
        for name in settling_order(self.axes):
            own = names.index(name)
            for other, allowed in self.axes[name].when.items():
                column = names.index(other)
                fits = [self.axes[other].labels.index(label) for label in allowed]
                found[:, own] &= found[:, column] & np.isin(self.labels[:, column], fits)
        return found

    def points(self) -> Iterator[Point]:
        """Yield the labels of each network; axes without effect are left out."""
        choices = [axis.labels for axis in self.axes.values()]
        for row, active in zip(self.labels.tolist(), self.active().tolist(), strict=True):
            rows = zip(self.axes, choices, row, active, strict=True)
            yield {name: labels[i] for name, labels, i, used in rows if used}


class Feasible:
    """The distinct networks of a space within bounds.

    Attributes:
        bounds: Bounds on the costs.
        networks: All networks of the space.
        count: Number of networks within the bounds.
    """

    def __init__(self, bounds: Bounds, networks: Networks) -> None:
        """Count the networks within bounds."""
        self.bounds, self.networks = bounds, networks
        self.count = networks.count(bounds)

    @property
    def reason(self) -> str:
        """Always empty, because these networks are counted."""
        return ""

    @property
    def chain(self) -> Chain:
        """The networks of the space as a chain of components."""
        return self.networks.chain

    @property
    def axes(self) -> Mapping[str, Axis]:
        """The axes of the space."""
        return self.networks.axes

    @property
    def task(self) -> Task:
        """The task on which the networks are costed."""
        return self.chain.task

    @property
    def total(self) -> int:
        """The number of distinct networks of the space, without bounds."""
        return self.networks.total

    def within(self, bounds: Bounds) -> Feasible:
        """Return the same space within other bounds."""
        return Feasible(bounds, self.networks)

    def draw(self, n: int, seed: int = 0, *, stratify: str | None = None) -> Draw:
        """Draw distinct networks, each as likely as any other, in random order.

        A longer draw with the same seed begins with the networks of a shorter one, unless the draw
        is stratified.

        Args:
            n: Number of networks; all of them if there are fewer.
            seed: Seed of the draw.
            stratify: Cost along which to spread the networks evenly: its range is cut into up to 64
                bins of equal width, and each bin gives the same number of networks, or all that it
                has.
        """
        if stratify:
            return self._stratified(n, seed, stratify)
        return self._drawn(self.networks.take(self.bounds, ranks(self.count, n, seed)))

    def range(self, cost: str, bounds: Bounds | None = None) -> tuple[int, int] | None:
        """Return the smallest and largest value of a cost within bounds; None if no network is."""
        bounds = self.bounds if bounds is None else bounds
        low = self.networks.extreme(bounds, cost, most=False)
        high = self.networks.extreme(bounds, cost, most=True)
        return None if low is None or high is None else (low, high)

    def _stratified(self, n: int, seed: int, cost: str) -> Draw:
        bins = self._bins(cost, min(n, BINS))
        counts = [self.networks.count(bounds) for bounds in bins]
        batches = [
            self.networks.take(bounds, ranks(count, share, seed))
            for bounds, count, share in zip(bins, counts, shares(counts, n), strict=True)
            if share
        ]
        labels = np.concatenate([batch.labels for batch in batches])
        costs = np.concatenate([batch.costs for batch in batches])
        order = np.random.default_rng(seed).permutation(len(labels))
        return self._drawn(Batch(labels[order], costs[order]))

    def _bins(self, cost: str, number: int) -> list[Bounds]:
        """Return the bounds of bins of equal width over the range of a cost."""
        found = self.range(cost)
        low, high = found or (0, 0)
        edges = [low + (high + 1 - low) * i // number for i in range(number + 1)]
        return [
            self.bounds.also(cost, start, stop - 1)
            for start, stop in pairwise(edges)
            if stop > start
        ]

    def _drawn(self, batch: Batch) -> Draw:
        columns = dict(zip(COSTS, batch.costs.T, strict=True))
        return Draw(self.axes, batch.labels, **columns)


def shares(counts: list[int], n: int) -> list[int]:
    """Return the number of networks per bin, as even as the counts allow, `n` in total."""
    given = [0] * len(counts)
    left = min(n, sum(counts))
    while left:
        open_ = [i for i, count in enumerate(counts) if given[i] < count]
        each, over = divmod(left, len(open_))
        for place, i in enumerate(open_):
            more = min(each + (place < over), counts[i] - given[i])
            given[i] += more
            left -= more
    return given
