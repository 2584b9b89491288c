"""The pictures of a study as Vega-Lite specifications, made from plain data.

They are drawn in light colors. The mark of every trial links to its row in the page's table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from designspace.reporting.drawing.canvas import Canvas, Spec, layer, picture, scaled
from designspace.reporting.drawing.palette import front_colors, light
from designspace.reporting.study.curves import Curves, Label
from designspace.reporting.study.frontier import Frontier, Mark, front_members
from designspace.reporting.study.rows import Row

_AS_IT_IS: Spec = {"field": "color", "type": "nominal", "scale": None}
_LINK: Spec = {
    "href": {"field": "href", "type": "nominal"},
    "description": {"field": "words", "type": "nominal"},
}
_WORDS: Spec = {"text": {"field": "text", "type": "nominal"}}


class Look(NamedTuple):
    """Shape, color role, fill and legend name of one kind of trial."""

    name: str
    shape: str
    role: str
    filled: bool


LOOKS = {
    "front": Look("non-dominated", "circle", "ink", True),
    "complete": Look("complete", "circle", "complete", True),
    "stopped": Look("stopped", "circle", "stopped", False),
    "failed": Look("failed", "cross", "failed", False),
    "diverged": Look("diverged", "triangle-down", "failed", False),
    "running": Look("running", "triangle-right", "link", False),
    "waiting": Look("waiting", "square", "stopped", False),
    "paused": Look("paused", "diamond", "link", False),
    "interrupted": Look("interrupted", "triangle-left", "link", False),
}


def frontier_chart(data: Frontier, canvas: Canvas) -> Spec:
    """Draw validation top-1 over multiply-adds: all trials, and the step line of the front."""
    x = scaled("x", data.unit.label, data.x, log=data.log_x)
    x["axis"] = {"tickCount": canvas.ticks}
    colors = _colors(mark.row for mark in data.marks)
    members = [mark for mark in data.marks if mark.row.on_front]
    others = [mark for mark in data.marks if not mark.row.on_front]
    others.sort(key=lambda mark: mark.row.state == "complete")
    layers = [
        _step_line(data),
        _points(others, colors, _legend(data, canvas), size=55),
        _points(members, colors, {"color": _AS_IT_IS}, size=150, filled=True),
        _ring(data),
        *_names(data),
    ]
    return picture(layers, {"x": x, "y": _score(data.y)}, canvas)


def curves_chart(data: Curves, canvas: Canvas) -> Spec:
    """Draw validation top-1 over epochs: one line per trial, with a dot at its end."""
    # Leave room to the right of the last epoch for the names of the front members.
    last = max(2.0, data.epochs * (1 + 62 / canvas.width))
    step = -(-data.epochs // (2 * canvas.ticks))
    x = scaled("x", "epoch", (1, last))
    x["axis"] = {"values": list(range(step, data.epochs + 1, step)), "format": "d"}
    colors = _colors(data.rows)
    layers = [_rungs(data), _lines(data, colors), _ends(data, colors), _ends_named(data, colors)]
    return picture(layers, {"x": x, "y": _score(data.y)}, canvas)


def _score(domain: tuple[float, float]) -> Spec:
    return scaled("y", "validation top-1, %", domain)


def _colors(rows: Iterable[Row]) -> dict[int, str]:
    """Return a color per trial: its own for a front member, else the color of its kind."""
    rows = list(rows)
    members = [row.number for row in front_members(rows)]
    own = dict(zip(members, front_colors(len(members)), strict=True))
    return {row.number: own.get(row.number) or light(LOOKS[row.kind].role) for row in rows}


def _link(row: Row) -> Spec:
    return {
        "href": f"#trial-{row.number}",
        "words": f"trial {row.number}",
        "kind": LOOKS[row.kind].name,
    }


def _name(row: Row) -> str:
    roles = {"base": row.is_base, "winner": row.is_winner}
    words = ", ".join(word for word, holds in roles.items() if holds)
    return f"{row.number} ({words})" if words else str(row.number)


def _step_line(data: Frontier) -> Spec:
    corners = [{"x": macs, "y": top1} for macs, top1 in data.steps]
    mark = {"type": "line", "interpolate": "step-after", "color": light("ink")}
    return layer(corners, {**mark, "strokeWidth": 1.25, "aria": False})


def _points(marks: Sequence[Mark], colors: dict[int, str], looks: Spec, **mark: Any) -> Spec:
    records = [
        {"x": place.macs, "y": place.top1, "color": colors[place.row.number], **_link(place.row)}
        for place in marks
    ]
    point = {"type": "point", "opacity": 1, "strokeWidth": 1.5, **mark}
    return layer(records, point, {**looks, **_LINK})


def _legend(data: Frontier, canvas: Canvas) -> Spec:
    """Encode shape, fill and stroke by kind, with one legend for the three."""
    present = {mark.row.kind for mark in data.marks}
    looks = [look for kind, look in LOOKS.items() if kind in present]
    legend = {
        "title": None,
        "orient": "top",
        "columns": max(2, canvas.width // 130),
        "symbolSize": 70,
        "symbolStrokeWidth": 1.5,
    }
    colors = [light(look.role) for look in looks]
    fills = [light(look.role) if look.filled else "transparent" for look in looks]
    ranges = {"shape": [look.shape for look in looks], "fill": fills, "stroke": colors}
    names = [look.name for look in looks]
    return {
        channel: {
            "field": "kind",
            "type": "nominal",
            "legend": legend,
            "scale": {"domain": names, "range": values},
        }
        for channel, values in ranges.items()
    }


def _ring(data: Frontier) -> Spec:
    """Draw a second outline around the base, whatever its state."""
    records = [{"x": mark.macs, "y": mark.top1} for mark in data.marks if mark.row.is_base]
    look = {"size": 260, "stroke": light("ink"), "strokeWidth": 1.25, "opacity": 1}
    return layer(records, {"type": "point", **look, "aria": False})


def _names(data: Frontier) -> list[Spec]:
    """Write the front's numbers above the step line, and a dominated base's name below it."""
    members = [mark for mark in data.marks if mark.row.on_front]
    outside = [mark for mark in data.marks if mark.row.is_base and not mark.row.on_front]
    room = data.x[0] + 0.2 * (data.x[1] - data.x[0])
    tight = [mark for mark in members if mark.macs < room and len(_name(mark.row)) > 3]
    free = [mark for mark in members if mark not in tight]
    return [
        _text(free, align="right", dx=-9, dy=-9),
        _text(tight, align="left", dx=-6, dy=-15),
        _text(outside, align="left", dx=11, dy=10),
    ]


def _text(marks: Sequence[Mark], **where: Any) -> Spec:
    records = [{"x": mark.macs, "y": mark.top1, "text": _name(mark.row)} for mark in marks]
    mark = {"type": "text", "fontSize": 12, "color": light("ink"), "aria": False, **where}
    return layer(records, mark, _WORDS)


def _rungs(data: Curves) -> Spec:
    """Draw vertical lines at the epochs after which trials could be stopped."""
    mark = {"type": "rule", "color": light("rule"), "strokeDash": [2, 3], "aria": False}
    return layer([{"x": rung} for rung in data.rungs], mark, {"y": None})


def _lines(data: Curves, colors: dict[int, str]) -> Spec:
    records = [
        {
            "x": epoch,
            "y": top1,
            "trial": row.number,
            "color": colors[row.number],
            "width": 2.25 if row.on_front else 1.1,
        }
        for row in data.rows
        for epoch, top1 in row.curve
    ]
    width = {"field": "width", "type": "quantitative", "scale": None}
    looks = {"color": _AS_IT_IS, "strokeWidth": width, "detail": {"field": "trial"}}
    return layer(records, {"type": "line", "aria": False}, looks)


def _ends(data: Curves, colors: dict[int, str]) -> Spec:
    records = [
        {"x": row.curve[-1][0], "y": row.curve[-1][1], "color": colors[row.number], **_link(row)}
        for row in data.rows
    ]
    mark = {"type": "point", "size": 22, "filled": True, "opacity": 1}
    return layer(records, mark, {"color": _AS_IT_IS, **_LINK})


def _ends_named(data: Curves, colors: dict[int, str]) -> Spec:
    mark = {"type": "text", "align": "left", "dx": 8, "fontSize": 12, "fontWeight": 600}
    records = [_end_name(label, colors) for label in data.labels]
    return layer(records, {**mark, "aria": False}, {"color": _AS_IT_IS, **_WORDS})


def _end_name(label: Label, colors: dict[int, str]) -> Spec:
    row = label.row
    return {"x": label.epoch, "y": label.y, "text": _name(row), "color": colors[row.number]}
