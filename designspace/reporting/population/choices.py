"""The labels of a population: their shares, the costs of their networks, and explained variance.

The variance of a cost that an axis explains (eta squared) is the part that lies between its labels:
sum over labels of count x (mean of the label - overall mean)^2, divided by the total sum of
squares. With costs 1, 1 for label "a" and 3, 3 for label "b" it is 1: the label alone gives the
cost. With 1, 3 for both labels it is 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from designspace.reporting.population.table import IDLE, Codes, Table
from designspace.reporting.study.choices import natural
from designspace.sampling.tables.components import COSTS


@dataclass(frozen=True, slots=True)
class Reach:
    """Range of one cost among the networks with a label: p10, median, p90 and mean."""

    p10: int
    median: int
    p90: int
    mean: float


@dataclass(frozen=True, slots=True)
class Label:
    """One label of an axis.

    Attributes:
        label: The label.
        count: Number of networks that have it.
        share: Share of all networks that have it.
        costs: Range of each cost among the networks that have it; empty if there are none.
    """

    label: str
    count: int
    share: float
    costs: Mapping[str, Reach]


@dataclass(frozen=True, slots=True)
class Choices:
    """The labels of one axis.

    Attributes:
        axis: Name of the axis.
        labels: All labels in order, including those that do not occur.
        idle: Number of networks in which the axis has no label.
        explained: For each cost, the share of the variance that lies between the labels (eta
            squared); None if the cost does not vary.
    """

    axis: str
    labels: tuple[Label, ...]
    idle: int
    explained: Mapping[str, float | None]


def order(tables: Sequence[Table], known: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the labels of every axis of any table: known labels first, then by value or letter."""
    axes = dict.fromkeys(axis for table in tables for axis in table.labels)
    found: dict[str, list[str]] = {}
    for axis in axes:
        first = list(known.get(axis, ()))
        seen = {label for table in tables for label in table.labels.get(axis, ())}
        found[axis] = _in_order(first, seen.difference(first))
    return found


def _in_order(first: Sequence[str], others: Collection[str]) -> list[str]:
    """Return known labels, then the others; all by value if there are others and all numbers."""
    every = [*first, *sorted(others, key=natural)]
    numbers = all(natural(label)[0] == 0 for label in every)
    return sorted(every, key=natural) if others and numbers else every


def choices(table: Table, labels: Mapping[str, Sequence[str]]) -> list[Choices]:
    """Summarize the axes of a table, with their labels in the given order."""
    return [
        _choices(table, axis, labels[axis], numbered(table, axis, labels[axis]))
        for axis in table.labels
    ]


def numbered(table: Table, axis: str, labels: Sequence[str]) -> Codes:
    """Return the index of each network's label in `labels`, (n,)."""
    places = [labels.index(label) for label in table.labels[axis]]
    return np.array([*places, IDLE], np.int32)[table.codes[axis]]


def _choices(table: Table, axis: str, labels: Sequence[str], codes: Codes) -> Choices:
    counts = np.bincount(codes + 1, minlength=len(labels) + 1)
    reaches = {cost: _reaches(table, cost, codes, counts) for cost in COSTS}
    found = tuple(
        Label(
            label,
            int(counts[place]),
            int(counts[place]) / len(table),
            {cost: reaches[cost][place] for cost in COSTS} if counts[place] else {},
        )
        for place, label in enumerate(labels, start=1)
    )
    explained = {cost: _explained(table.costs[cost], codes, counts) for cost in COSTS}
    return Choices(axis, found, int(counts[0]), explained)


def _reaches(table: Table, cost: str, codes: Codes, counts: NDArray[np.int64]) -> dict[int, Reach]:
    """Return the range of one cost for each label that occurs, by the label's index plus one."""
    ranked = table.ranked[cost]
    by_label = np.argsort(codes[ranked].astype(np.int16), kind="stable")
    values = table.costs[cost][ranked[by_label]]  # grouped by label, ascending within each
    stops = np.cumsum(counts)
    return {
        place: _reach(values[stop - count : stop])
        for place, (stop, count) in enumerate(zip(stops.tolist(), counts.tolist(), strict=True))
        if count
    }


def _reach(rising: NDArray[np.int64]) -> Reach:
    p10, median, p90 = (int(rising[round(share * (len(rising) - 1))]) for share in (0.1, 0.5, 0.9))
    return Reach(p10, median, p90, float(rising.mean()))


def _explained(values: NDArray[np.int64], codes: Codes, counts: NDArray[np.int64]) -> float | None:
    away = values - values.mean()
    whole = float(away @ away)
    if not whole:
        return None
    sums = np.bincount(codes + 1, away, minlength=len(counts))
    between = sums[counts > 0] ** 2 / counts[counts > 0]
    return float(between.sum()) / whole
