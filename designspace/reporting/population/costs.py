"""The costs of the networks of a population: spread, histogram, and densities of pairs of costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from designspace.reporting.population.scales import Scale
from designspace.reporting.population.table import Table
from designspace.sampling.tables.components import COSTS

BINS = 60  # bins of a histogram
PAIRS = (("macs", "params"), ("macs", "acts"), ("params", "acts"))  # horizontal and vertical
LEVELS = 16  # shades of a density


@dataclass(frozen=True, slots=True)
class Spread:
    """Extremes, quantiles and mean of one cost over a population."""

    least: int
    p5: float
    p25: float
    median: float
    p75: float
    p95: float
    most: int
    mean: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Number of networks between each edge and the next."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Density:
    """Number of networks in each cell of two costs.

    Attributes:
        across: Cost on the horizontal axis.
        up: Cost on the vertical axis.
        x: Edges of the columns.
        y: Edges of the rows.
        counts: Number of networks per cell: one tuple per row, the lowest row first.
        correlation: Pearson correlation; None if one of the costs does not vary.
    """

    across: str
    up: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]
    correlation: float | None

    @property
    def most(self) -> int:
        """Number of networks in the fullest cell."""
        return max(map(max, self.counts))

    def runs(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield row, first column, column after the last, and shade of each run of equal cells.

        The shade is `LEVELS` for the fullest cell and grows with the square root of the number of
        networks. It is rounded up, so that a single network is visible; empty cells are left out.
        With 4 networks in the fullest cell, a row with 0, 1, 1 and 4 networks gives two runs:
        columns 1 to 3 with shade 8, and columns 3 to 4 with shade 16.
        """
        levels = np.ceil(LEVELS * np.sqrt(np.array(self.counts) / self.most)).astype(int)
        for row, cells in enumerate(levels.tolist()):
            column = 0
            for level, equal in groupby(cells):
                stop = column + len(list(equal))
                if level:
                    yield row, column, stop, level
                column = stop


def spreads(table: Table) -> dict[str, Spread]:
    """Return the spread of each cost."""
    return {cost: _spread(table.costs[cost]) for cost in COSTS}


def _spread(values: NDArray[np.int64]) -> Spread:
    p5, p25, median, p75, p95 = np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95)).tolist()
    least, most, mean = int(values.min()), int(values.max()), float(values.mean())
    return Spread(least, p5, p25, median, p75, p95, most, mean)


def histograms(table: Table, scales: Mapping[str, Scale]) -> dict[str, Histogram]:
    """Return a histogram of each cost."""
    return {cost: _histogram(table, scale) for cost, scale in scales.items()}


def _histogram(table: Table, scale: Scale) -> Histogram:
    edges = scale.edges(BINS)
    places = _places(table, scale, BINS)
    counts = np.bincount(places, minlength=len(edges) - 1)
    return Histogram(tuple(edges.tolist()), tuple(counts.tolist()))


def densities(table: Table, scales: Mapping[str, Scale], bins: int) -> list[Density]:
    """Return the density of each pair of costs."""
    places = {cost: _places(table, scale, bins) for cost, scale in scales.items()}
    edges = {cost: tuple(scale.edges(bins).tolist()) for cost, scale in scales.items()}
    found: list[Density] = []
    for across, up in PAIRS:
        x, y = edges[across], edges[up]
        columns, rows = len(x) - 1, len(y) - 1
        cells = np.bincount(places[up] * columns + places[across], minlength=columns * rows)
        counts = tuple(map(tuple, cells.reshape(rows, columns).tolist()))
        r = _correlation(table.costs[across], table.costs[up])
        found.append(Density(across, up, x, y, counts, r))
    return found


def _places(table: Table, scale: Scale, bins: int) -> NDArray[np.int64]:
    """Return the bin of each network, (n,)."""
    inner = scale.edges(bins)[1:-1]
    return np.searchsorted(inner, table.costs[scale.cost], side="right")


def _correlation(first: NDArray[np.int64], second: NDArray[np.int64]) -> float | None:
    if not (np.ptp(first) and np.ptp(second)):
        return None
    return float(np.corrcoef(first, second)[0, 1])
