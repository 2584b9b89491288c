"""Pictures as SVG text: bars, boxes in a row, a staircase, intervals around zero.

Text takes the color of the page around it, so that the pictures suit light and dark notebooks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import NamedTuple

_WIDTH, _ROW, _LABEL = 640, 22, 190  # CSS pixels
_FILL, _FADED = "#2b8fc4", "#8b959e"


class Bar(NamedTuple):
    """A bar: a label, a length, and the text at its end."""

    label: str
    value: float
    text: str


class Box(NamedTuple):
    """A box for a stage: `length` along the row and `height` across it, both at least 0."""

    label: str
    length: float
    height: float


class Point(NamedTuple):
    """A step of a staircase; `aside` marks a step that was tried and not adopted."""

    label: str
    value: float
    aside: bool = False


class Interval(NamedTuple):
    """A difference with the ends of its interval; None if they are not known."""

    label: str
    value: float
    low: float | None
    high: float | None


def bars(rows: Sequence[Bar]) -> str:
    """Draw horizontal bars from zero, one per row."""
    longest = max((row.value for row in rows), default=0) or 1
    room = _WIDTH - _LABEL - 110
    parts: list[str] = []
    for number, row in enumerate(rows):
        y, length = number * _ROW, room * max(row.value, 0) / longest
        parts += [
            _text(_LABEL - 8, y + 15, row.label, "end"),
            f'<rect x="{_LABEL}" y="{y + 4}" width="{length:.1f}" height="14" fill="{_FILL}"/>',
            _text(_LABEL + length + 6, y + 15, row.text),
        ]
    return _svg(parts, len(rows) * _ROW)


def boxes(row: Sequence[Box]) -> str:
    """Draw boxes side by side, centered on one line, with a label below each."""
    tall = max((box.height for box in row), default=0) or 1
    whole = sum(box.length for box in row) or 1
    gap, high = 8, 110
    room = _WIDTH - gap * (len(row) + 1)
    x, parts = float(gap), list[str]()
    for box in row:
        width = max(room * box.length / whole, 2)
        height = max(high * box.height / tall, 2)
        y = (high - height) / 2 + 4
        parts += [
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{_FILL}" fill-opacity="0.75"/>',
            _text(x + width / 2, high + 22, box.label, "middle"),
        ]
        x += width + gap
    return _svg(parts, high + 32)


def staircase(points: Sequence[Point]) -> str:
    """Draw one value per row, with a line through the values that were adopted."""
    place = _scale((point.value for point in points), zero=False)
    parts: list[str] = []
    adopted: list[str] = []
    for number, point in enumerate(points):
        x, y = place(point.value), number * _ROW + 11
        if not point.aside:
            adopted.append(f"{x:.1f},{y}")
        parts += [
            _text(_LABEL - 8, y + 4, f"{'+ ' * point.aside}{point.label}", "end"),
            f'<circle cx="{x:.1f}" cy="{y}" r="4" fill="{_FADED if point.aside else _FILL}"/>',
            _text(x + 9, y + 4, f"{point.value:.2f}"),
        ]
    line = f'<polyline points="{" ".join(adopted)}" fill="none" stroke="{_FADED}"/>'
    return _svg([line, *parts], len(points) * _ROW)


def intervals(rows: Sequence[Interval]) -> str:
    """Draw differences with their intervals, over a line at zero."""
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    place, height = _scale(ends, zero=True), len(rows) * _ROW
    zero = place(0)
    parts = [f'<line x1="{zero:.1f}" y1="0" x2="{zero:.1f}" y2="{height}" stroke="{_FADED}"/>']
    for number, row in enumerate(rows):
        x, y = place(row.value), number * _ROW + 11
        parts.append(_text(_LABEL - 8, y + 4, row.label, "end"))
        right = x
        if row.low is not None and row.high is not None:
            left, right = place(row.low), place(row.high)
            parts.append(
                f'<line x1="{left:.1f}" y1="{y}" x2="{right:.1f}" y2="{y}" stroke="{_FILL}" '
                'stroke-width="2"/>'
            )
        parts.append(f'<circle cx="{x:.1f}" cy="{y}" r="4" fill="{_FILL}"/>')
        parts.append(_text(right + 9, y + 4, f"{row.value:+.2f}"))
    return _svg(parts, height)


def _scale(values: Iterable[float], *, zero: bool) -> Callable[[float], float]:
    """Return a function from a value to its x coordinate, in pixels."""
    known = [*values, *([0.0] if zero else [])] or [0.0]
    low, span = min(known), (max(known) - min(known)) or 1.0
    room = _WIDTH - _LABEL - 90
    return lambda value: _LABEL + 10 + room * (value - low) / span


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(parts: Iterable[str], height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {_WIDTH} {height:.0f}" role="img" font-family="sans-serif" font-size="12" '
        f'fill="currentColor">{"".join(parts)}</svg>'
    )
