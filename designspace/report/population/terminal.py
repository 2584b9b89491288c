"""Populations as a table for a terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from designspace.report.numbers import UNKNOWN
from designspace.report.population import words
from designspace.report.population.charts import ACROSS
from designspace.report.population.scales import UNITS
from designspace.report.population.summary import Population, Populations

_CAPTION = (
    "Medians of the costs. TV: total variation from the exact shares of labels, mean of the axes."
)


def table(found: Populations) -> Table:
    """A row a population: its size, median costs, repeats, and distance from the exact shares."""
    grid = Table(box=None, pad_edge=False, caption=Text(_CAPTION), caption_justify="left")
    grid.add_column("population", overflow="fold")
    costs = [UNITS[cost].short for cost in ACROSS]
    for heading in ("networks", *costs, "repeated", "TV, %", "by chance"):
        grid.add_column(heading, justify="right", no_wrap=True)
    for each in found.each:
        # Text, not markup: a name such as [bold] is shown, not obeyed.
        grid.add_row(*map(Text, _cells(each)))
    return grid


def _cells(each: Population) -> list[str]:
    medians = [words.cost(cost, each.spreads[cost].median) for cost in ACROSS]
    audits = each.audits.values()
    means = [
        f"{100 * sum(values) / len(values):.3f}" if values else UNKNOWN
        for values in ([a.distance for a in audits], [a.chance for a in audits])
    ]
    return [each.name, f"{each.n:,}", *medians, f"{each.repeated:,}", *means]
