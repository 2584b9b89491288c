"""The scales of costs that all populations of a report share, cut into bins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designspace.reporting.drawing.numbers import macs_unit
from designspace.reporting.population.table import Table
from designspace.sampling.tables.components import COSTS
from designspace.spec.space.limits import Limit

_LOG_RATIO = 8  # ratio of most to least above which a scale is logarithmic
_WHOLE = 20  # with fewer whole numbers per bin, every bin spans equally many of them


@dataclass(frozen=True, slots=True)
class Unit:
    """Unit of a cost: its titles, and the number of items in one unit."""

    title: str
    short: str
    size: float


_UNITS: Mapping[str, Unit] = {
    "params": Unit("parameters, M", "params, M", 1e6),
    "acts": Unit("activations, M", "acts, M", 1e6),
}


@dataclass(frozen=True)
class Scale:
    """The scale of one cost.

    Attributes:
        cost: Name of the cost.
        least: Lowest cost of any network.
        most: Highest cost of any network.
        limits: Limits of any population on this cost, without those far from every network.
    """

    cost: str
    least: int
    most: int
    limits: tuple[int, ...] = ()

    @property
    def unit(self) -> Unit:
        """Unit of the cost; for multiply-adds, the unit that suits the cheapest network."""
        if self.cost != "macs":
            return _UNITS[self.cost]
        unit = macs_unit([self.least])
        return Unit(unit.label, unit.name, unit.size)

    @property
    def log(self) -> bool:
        """Whether the scale is logarithmic."""
        return self.least > 0 and self.most / self.least > _LOG_RATIO

    def edges(self, bins: int) -> NDArray[np.floating[Any]]:
        """Return the edges of about `bins` bins that cover all whole numbers from least to most.

        If a linear scale has few whole numbers per bin, every bin spans the same number of them.
        """
        values = self.most - self.least + 1
        if self.log:
            return np.geomspace(self.least - 0.5, self.most + 0.5, bins + 1)
        if values < _WHOLE * bins:
            width = -(-values // bins)
            return self.least - 0.5 + width * np.arange(-(-values // width) + 1)
        return np.linspace(self.least - 0.5, self.most + 0.5, bins + 1)

    @cached_property
    def domain(self) -> tuple[float, float]:
        """Range that a picture shows, in its unit: all networks, the limits, and a little room."""
        ends = [self.least - 0.5, self.most + 0.5, *self.limits]
        low, high = min(ends) / self.unit.size, max(ends) / self.unit.size
        if self.log:
            return low / 1.05, high * 1.05
        room = 0.03 * ((high - low) or high or 1.0)
        return max(0.0, low - room), high + room


def scales(tables: Sequence[Table]) -> dict[str, Scale]:
    """Return one scale per cost, which covers all networks of all tables."""
    return {cost: _scale(cost, tables) for cost in COSTS}


def _scale(cost: str, tables: Sequence[Table]) -> Scale:
    least = min(int(table.costs[cost].min()) for table in tables)
    most = max(int(table.costs[cost].max()) for table in tables)
    room = 0.25 * (most - least)
    limits = [
        end
        for table in tables
        if table.about
        for end in ends(table.about.limits, cost)
        if least - room <= end <= most + room
    ]
    return Scale(cost, least, most, tuple(sorted(set(limits))))


def ends(limits: Iterable[Limit], cost: str) -> list[int]:
    """Return the ends of the limits on a cost."""
    own = [limit for limit in limits if limit.cost == cost]
    return [end for limit in own for end in (limit.low, limit.high) if end is not None]
