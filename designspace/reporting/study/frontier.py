"""The frontier as plain data: the position of each trial's mark, and the step line.

The vertical scale is chosen for the scores of interest: the front, the base and the better three
quarters of the complete trials. Scores far below that band are drawn on the floor of the picture.
With a band from 70 to 80 and a reach of 0.8, the floor is 70 - 0.8 x 10 = 62: a trial that
stopped at 30 is drawn at 62 and marked `on_floor`.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from designspace.reporting.drawing.numbers import GMACS, MacsUnit, macs_unit
from designspace.reporting.study.rows import Row

# Marks further below the band than this share of its height are moved to the picture's floor.
_REACH = 0.8
_LOG_RATIO = 8


@dataclass(frozen=True, slots=True)
class Mark:
    """Position of a trial in the picture, with multiply-adds in the picture's unit.

    If `on_floor`, the trial has no score or one below the scale, and `top1` is the floor.
    """

    row: Row
    macs: float
    top1: float
    on_floor: bool


@dataclass(frozen=True, slots=True)
class Frontier:
    """Marks of all trials, corners of the step line, and the unit and extent of both scales."""

    marks: tuple[Mark, ...]
    steps: tuple[tuple[float, float], ...]
    x: tuple[float, float]
    y: tuple[float, float]
    log_x: bool
    unit: MacsUnit = GMACS


def front_members(rows: Sequence[Row]) -> list[Row]:
    """Return the non-dominated trials, the cheapest first."""
    return sorted((row for row in rows if row.on_front), key=lambda row: (row.macs, row.number))


def frontier(rows: Sequence[Row]) -> Frontier:
    """Place the trials. A trial without a score (failed at once, waiting) is drawn on the floor.

    So are scores far below the complete trials (stopped after one epoch, diverged): drawn to scale,
    they would squeeze the complete ones into one line.
    """
    unit = macs_unit(row.macs for row in rows)
    macs = [row.macs / unit.size for row in rows] or [0.0, 1.0]
    log_x = min(macs) > 0 and max(macs) / min(macs) > _LOG_RATIO
    x, y = _widened(min(macs), max(macs), log_x), _extent(rows)
    steps = [
        (row.macs / unit.size, row.top1) for row in front_members(rows) if row.top1 is not None
    ]
    if steps:
        steps.append((x[1], steps[-1][1]))
    marks = tuple(_mark(row, y[0], unit) for row in rows)
    return Frontier(marks, tuple(steps), x, y, log_x, unit)


def _mark(row: Row, floor: float, unit: MacsUnit) -> Mark:
    on_floor = row.top1 is None or row.top1 < floor
    top1 = floor if row.top1 is None else max(row.top1, floor)
    return Mark(row, row.macs / unit.size, top1, on_floor)


def _widened(low: float, high: float, log: bool) -> tuple[float, float]:
    if log:
        return low / 1.2, high * 1.1
    span = (high - low) or 0.2 * high or 1.0
    return max(0.0, low - 0.1 * span), high + 0.05 * span


def _extent(rows: Sequence[Row]) -> tuple[float, float]:
    """Return the floor and the top of the score's scale, in percent."""
    scores = [row.top1 for row in rows if row.top1 is not None]
    if not scores:
        return 0.0, 100.0
    band = _band(rows) or scores
    height = max(max(band) - min(band), 1.0)
    floor = min(band) - _REACH * height
    lowest = min(scores)
    room = 0.06 * height
    bottom = lowest - room if lowest >= floor else floor
    return max(0.0, bottom), min(100.0, max(scores) + 2 * room)


def _band(rows: Sequence[Row]) -> list[float]:
    """Return the scores that must be easy to read: front, base, and the better three quarters."""
    done = [row for row in rows if row.state == "complete" and row.top1 is not None]
    scores = [row.top1 for row in done if row.top1 is not None]
    if len(scores) < 4:
        return scores
    quarter = statistics.quantiles(scores, n=4)[0]
    return [
        row.top1
        for row in done
        if row.top1 is not None and (row.on_front or row.is_base or row.top1 >= quarter)
    ]
