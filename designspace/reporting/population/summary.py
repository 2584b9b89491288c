"""All results of a population report as plain data, prepared once for page, pictures and files.

The size of this data does not depend on the number of networks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from designspace.reporting.population.choices import Choices, choices, order
from designspace.reporting.population.costs import (
    Density,
    Histogram,
    Spread,
    densities,
    histograms,
    spreads,
)
from designspace.reporting.population.coverage import Audit, Exact, audit, exact
from designspace.reporting.population.scales import Scale, scales
from designspace.reporting.population.table import Table
from designspace.sampling.count.bounds import bounds_of
from designspace.sampling.population import About
from designspace.sampling.rejection import fits

_CELLS = (0, 64, 48)  # cells per side of a density, by the number of populations
_FEW_CELLS = 36  # for more populations


@dataclass(frozen=True, slots=True)
class Population:
    """One population.

    Attributes:
        name: Name in tables and messages.
        file: Name of the file.
        about: Origin of the networks; None if the file does not say.
        n: Number of networks.
        distinct: Number of different networks.
        outside: Number of networks beyond the limits that the file names.
        spreads: Spread of each cost.
        histograms: Histogram of each cost.
        densities: Density of each pair of costs.
        choices: Labels of each axis.
        audits: Audit of each axis, if the exact shares are known.
        unaudited: Reason why the exact shares are unknown; empty if they are known.
    """

    name: str
    file: str
    about: About | None
    n: int
    distinct: int
    outside: int
    spreads: Mapping[str, Spread]
    histograms: Mapping[str, Histogram]
    densities: Sequence[Density]
    choices: Sequence[Choices]
    audits: Mapping[str, Audit]
    unaudited: str

    @property
    def repeated(self) -> int:
        """Number of networks that already occurred in an earlier row."""
        return self.n - self.distinct

    @property
    def beyond_chance(self) -> list[str]:
        """Axes that are further from the exact shares than 99 of 100 uniform samples."""
        return [axis for axis, each in self.audits.items() if each.distance > each.high]


@dataclass(frozen=True, slots=True)
class Populations:
    """All populations of a report, on common scales and with labels in a common order."""

    each: Sequence[Population]
    scales: Mapping[str, Scale]
    labels: Mapping[str, Sequence[str]]


def summarize(tables: Sequence[Table]) -> Populations:
    """Compute everything that the report shows about some populations."""
    truths = _truths(tables)
    known: dict[str, Sequence[str]] = {}
    for table, truth in zip(tables, truths, strict=True):
        if isinstance(truth, Exact):
            known = {**truth.labels, **known}
        elif table.about:  # such a file keeps the order of its space
            known = {**table.labels, **known}
    labels = order(tables, known)
    shared = scales(tables)
    cells = _CELLS[len(tables)] if len(tables) < len(_CELLS) else _FEW_CELLS
    each = [
        _population(table, truth, shared, labels, cells)
        for table, truth in zip(tables, truths, strict=True)
    ]
    return Populations(each, shared, labels)


def _truths(tables: Sequence[Table]) -> list[Exact | str]:
    """Return the exact shares for each table; equal space, limits and task are counted once."""
    found: dict[str, Exact | str] = {}
    keys: list[str] = []
    for table in tables:
        about = table.about
        keys.append(repr((about.digest, about.limits, about.task) if about else None))
        if keys[-1] not in found:
            found[keys[-1]] = exact(about)
    return [found[key] for key in keys]


def _population(
    table: Table,
    truth: Exact | str,
    shared: Mapping[str, Scale],
    labels: Mapping[str, Sequence[str]],
    cells: int,
) -> Population:
    axes = choices(table, labels)
    audits = (
        {}
        if isinstance(truth, str)
        else {each.axis: found for each in axes if (found := audit(each, truth, len(table)))}
    )
    return Population(
        name=table.name,
        file=table.file.name,
        about=table.about,
        n=len(table),
        distinct=table.distinct,
        outside=_outside(table),
        spreads=spreads(table),
        histograms=histograms(table, shared),
        densities=densities(table, shared, cells),
        choices=axes,
        audits=audits,
        unaudited=truth if isinstance(truth, str) else "",
    )


def _outside(table: Table) -> int:
    """Count the networks beyond the limits that the file names."""
    if table.about is None:
        return 0
    return len(table) - int(fits(bounds_of(table.about.limits), table.costs).sum())
