"""Learning curves as plain data: one line per trial, and labels that do not overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from designspace.reporting.study.frontier import front_members
from designspace.reporting.study.rows import Row


@dataclass(frozen=True, slots=True)
class Label:
    """Name of a front member at the end of its line; `y` is moved so that labels do not overlap."""

    row: Row
    epoch: int
    y: float


@dataclass(frozen=True, slots=True)
class Curves:
    """Trials with at least one epoch, with front members last, so that they are drawn on top."""

    rows: tuple[Row, ...]
    labels: tuple[Label, ...]
    epochs: int
    rungs: tuple[int, ...]
    y: tuple[float, float]


def curves(rows: Sequence[Row], rungs: Sequence[int] = ()) -> Curves:
    """Return lines for all trials that recorded an epoch; `rungs` are the scheduler's epochs."""
    drawn = sorted((row for row in rows if row.curve), key=_depth)
    scores = [score for row in drawn for _, score in row.curve] or [0.0, 100.0]
    room = 0.04 * max(max(scores) - min(scores), 1.0)
    y = (max(0.0, min(scores) - room), min(100.0, max(scores) + room))
    epochs = max((epoch for row in drawn for epoch, _ in row.curve), default=1)
    reached = tuple(rung for rung in rungs if 1 < rung <= epochs)
    return Curves(tuple(drawn), _labels(drawn, (y[1] - y[0]) / 24), epochs, reached, y)


def _depth(row: Row) -> tuple[bool, bool, int]:
    return row.on_front, row.state == "complete", row.number


def _labels(rows: Sequence[Row], gap: float) -> tuple[Label, ...]:
    members = [row for row in front_members(rows) if row.curve]
    members.sort(key=lambda row: row.curve[-1][1], reverse=True)
    heights = spread([row.curve[-1][1] for row in members], gap)
    return tuple(Label(row, row.curve[-1][0], y) for row, y in zip(members, heights, strict=True))


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Move descending heights at least `gap` apart, keeping their order and their mean.

    With a gap of 2, heights 10, 9.5, 5 first become 10, 8, 5, then move up by 0.5 to keep the mean.
    """
    placed: list[float] = []
    for height in heights:
        placed.append(min(height, placed[-1] - gap) if placed else height)
    shift = (sum(heights) - sum(placed)) / len(placed) if placed else 0.0
    return [height + shift for height in placed]
