"""Populations as a table for a terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from designspace.report.numbers import UNKNOWN
from designspace.report.population import words
from designspace.report.population.charts import ACROSS
from designspace.report.population.scales import UNITS
from designspace.report.population.summary import Population, Populations


def table(found: Populations) -> Table:
    """A row a population: its size, median costs, repeats, and distance from the exact shares."""
    grid = Table(box=None, pad_edge=False, title_justify="left")
    medians = [f"median {UNITS[cost].short}" for cost in ACROSS]
    headings = ["networks", *medians, "repeated", "mean TV, %", "by chance"]
    grid.add_column("population")
    for heading in headings:
        grid.add_column(heading, justify="right")
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
