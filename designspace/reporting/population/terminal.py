"""Populations as a table for a terminal."""

from __future__ import annotations

from designspace.reporting.drawing.numbers import UNKNOWN
from designspace.reporting.population import words
from designspace.reporting.population.charts import ACROSS
from designspace.reporting.population.summary import Population, Populations
from designspace.reporting.study.terminal import Sheet

_CAPTION = (
    "Medians of the costs. TV: total variation from the exact shares of labels, mean of the axes."
)


def table(found: Populations) -> Sheet:
    """Return one row per population: size, median costs, repeats, distance from exact shares."""
    costs = [found.scales[cost].unit.short for cost in ACROSS]
    return Sheet(
        title="",
        columns=("population", "networks", *costs, "repeated", "TV, %", "by chance"),
        rows=tuple(_cells(found, each) for each in found.each),
        text=frozenset({"population"}),
        optional=("by chance", "repeated"),
        caption=_CAPTION,
    )


def _cells(found: Populations, each: Population) -> tuple[str, ...]:
    medians = [words.cost(found.scales[cost].unit, each.spreads[cost].median) for cost in ACROSS]
    audits = each.audits.values()
    means = [
        f"{100 * sum(values) / len(values):.3f}" if values else UNKNOWN
        for values in ([a.distance for a in audits], [a.chance for a in audits])
    ]
    return (each.name, f"{each.n:,}", *medians, f"{each.repeated:,}", *means)
