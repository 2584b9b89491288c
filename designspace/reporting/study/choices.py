"""The scores under each choice of each axis, as plain data for strips. Descriptive only."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from designspace.reporting.study.rows import Row


@dataclass(frozen=True, slots=True)
class Choice:
    """One label of an axis: its complete trials, their median top-1, and the number of stopped."""

    label: str
    is_base: bool
    done: tuple[Row, ...]
    stopped: int
    median: float | None


@dataclass(frozen=True, slots=True)
class Strip:
    """One axis with its choices in order; all strips of a study share one scale."""

    axis: str
    choices: tuple[Choice, ...]


def strips(rows: Sequence[Row]) -> list[Strip]:
    """Return one strip per axis for which at least two choices were tried."""
    base = next((row.point for row in rows if row.is_base), dict[str, str]())
    axes = list(dict.fromkeys([*base, *(axis for row in rows for axis in row.point)]))
    found = [Strip(axis, _choices(axis, rows, base.get(axis))) for axis in axes]
    return [strip for strip in found if len(strip.choices) > 1]


def extent(rows: Sequence[Row]) -> tuple[float, float] | None:
    """Return the lowest and highest score of complete trials, the scale of all strips, or None."""
    scores = [row.top1 for row in rows if row.state == "complete" and row.top1 is not None]
    return (min(scores), max(scores)) if scores else None


def _choices(axis: str, rows: Sequence[Row], base: str | None) -> tuple[Choice, ...]:
    labels = {row.point[axis] for row in rows if axis in row.point}
    return tuple(
        _choice(label, [row for row in rows if row.point.get(axis) == label], label == base)
        for label in sorted(labels, key=natural)
    )


def _choice(label: str, rows: Sequence[Row], is_base: bool) -> Choice:
    done = tuple(row for row in rows if row.state == "complete" and row.top1 is not None)
    scores = [row.top1 for row in done if row.top1 is not None]
    stopped = sum(row.state == "stopped" for row in rows)
    return Choice(label, is_base, done, stopped, statistics.median(scores) if scores else None)


def natural(label: str) -> tuple[int, float, str]:
    """Return a sorting key: numbers by value, then words by letter."""
    try:
        return 0, float(label), label
    except ValueError:
        return 1, 0.0, label
