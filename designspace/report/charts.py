"""The drawings, made from plain data; alone in this room with altair.

A picture is drawn once in light colors and comes out as SVG for the page or as PNG. Every trial's
mark is a link to its row of the page's table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import altair as alt
import vl_convert

from designspace.report import theme
from designspace.report.curves import Curves
from designspace.report.frontier import Frontier, Mark, front_members
from designspace.report.numbers import MACS_LABEL
from designspace.report.palette import front_colors, light
from designspace.report.rows import Row

_SCORE = "validation top-1, %"


class Look(NamedTuple):
    """How a kind of trial is drawn and named in the legend."""

    name: str
    shape: str
    role: str
    filled: bool


LOOKS = {
    "front": Look("non-dominated", "circle", "ink", True),
    "done": Look("finished", "circle", "done", True),
    "stopped": Look("stopped early", "circle", "stopped", False),
    "running": Look("unfinished", "triangle-right", "link", False),
    "failed": Look("failed", "cross", "failed", False),
    "waiting": Look("waiting", "square", "stopped", False),
}


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where a picture goes: its size in CSS pixels, and the words that it carries by itself."""

    width: int
    height: int
    title: str | None = None
    subtitle: str | None = None

    @property
    def ticks(self) -> int:
        """About how many ticks the horizontal scale has room for."""
        return self.width // 100


def frontier_chart(data: Frontier, canvas: Canvas) -> alt.LayerChart:
    """Validation top-1 over GMACs: all trials' marks, and the step line of the non-dominated."""
    scale = alt.Scale(
        domain=list(data.x), type="log" if data.log_x else "linear", nice=False, zero=False
    )
    x = alt.X("x:Q", title=MACS_LABEL, scale=scale, axis=alt.Axis(tickCount=canvas.ticks))
    place = {"x": x, "y": _score(data.y)}
    others = [mark for mark in data.marks if not mark.row.on_front]
    members = [mark for mark in data.marks if mark.row.on_front]
    colors = _colors(mark.row for mark in data.marks)
    layers = [
        _step_line(data).encode(**place),
        _points(sorted(others, key=_is_done), colors).encode(**place, **_legend(data)),
        _points(members, colors, size=150, filled=True).encode(
            **place, color=alt.Color("color:N", scale=None)
        ),
        _ring(data).encode(**place),
        _names(data).encode(**place, text="text:N"),
    ]
    return _finished(alt.layer(*layers), canvas)


def curves_chart(data: Curves, canvas: Canvas) -> alt.LayerChart:
    """Validation top-1 over epochs: a line a trial, with a dot where it ended."""
    axis = alt.Axis(tickMinStep=1, format="d", tickCount=min(data.epochs, canvas.ticks * 2))
    # Room right of the last epoch for the names of the front's members.
    last = max(2.0, data.epochs + 0.07 * data.epochs * 880 / canvas.width)
    scale = alt.Scale(domain=[1, last], nice=False, zero=False)
    place = {"x": alt.X("x:Q", title="epoch", scale=scale, axis=axis), "y": _score(data.y)}
    color = alt.Color("color:N", scale=None)
    colors = _colors(data.rows)
    layers = [
        _rungs(data).encode(x=place["x"]),
        *(_line(row, colors[row.number]).encode(**place) for row in data.rows),
        _ends(data, colors).encode(**place, href="href:N", description="words:N", color=color),
        _line_names(data, colors).encode(**place, text="text:N", color=color),
    ]
    return _finished(alt.layer(*layers), canvas)


def svg(chart: alt.LayerChart) -> str:
    """The picture for the page: without a background, and as wide as its place."""
    text = vl_convert.vegalite_to_svg(chart.to_dict())
    text = re.sub(r'^<svg ([^>]*?)width="\d+" height="\d+" ', r"<svg \1", text)
    return text.replace(' opacity="1"', "")


def png(chart: alt.LayerChart, scale: float = 2.0) -> bytes:
    """The picture as PNG on the light paper, `scale` pixels a CSS pixel."""
    on_paper = chart.properties(background=light("paper"))
    return vl_convert.vegalite_to_png(on_paper.to_dict(), scale=scale)


def _score(domain: tuple[float, float]) -> alt.Y:
    return alt.Y("y:Q", title=_SCORE, scale=alt.Scale(domain=list(domain), nice=False, zero=False))


def _chart(records: Sequence[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.Data(values=list(records)))


def _is_done(mark: Mark) -> bool:
    return mark.row.state == "done"


def _colors(rows: Iterable[Row]) -> dict[int, str]:
    """A color for each trial: its own for a member of the front, its kind's for the others."""
    rows = list(rows)
    members = [row.number for row in front_members(rows)]
    own = dict(zip(members, front_colors(len(members)), strict=True))
    return {row.number: own.get(row.number) or light(LOOKS[row.kind].role) for row in rows}


def _step_line(data: Frontier) -> alt.Chart:
    corners = [{"x": macs, "y": top1} for macs, top1 in data.steps]
    return _chart(corners).mark_line(
        interpolate="step-after", color=light("ink"), strokeWidth=1.25, aria=False
    )


def _points(
    marks: Sequence[Mark], colors: dict[int, str], *, size: int = 55, filled: bool = False
) -> alt.Chart:
    records = [
        {"x": mark.gmacs, "y": mark.top1, "color": colors[mark.row.number], **_link(mark.row)}
        for mark in marks
    ]
    points = _chart(records).mark_point(size=size, filled=filled, opacity=1, strokeWidth=1.5)
    return points.encode(href="href:N", description="words:N")


def _link(row: Row) -> dict[str, str]:
    """What makes a mark a link to the row of its trial."""
    return {
        "href": f"#trial-{row.number}",
        "words": f"trial {row.number}",
        "kind": LOOKS[row.kind].name,
    }


def _legend(data: Frontier) -> dict[str, Any]:
    """Shape, fill and stroke by kind, with one legend for the three."""
    looks = [look for kind, look in LOOKS.items() if any(m.row.kind == kind for m in data.marks)]
    names = [look.name for look in looks]
    colors = [light(look.role) for look in looks]
    fills = [light(look.role) if look.filled else "transparent" for look in looks]
    key = alt.Legend(title=None, orient="top", symbolSize=70, symbolStrokeWidth=1.5)

    def scale(values: list[str]) -> alt.Scale:
        return alt.Scale(domain=names, range=values)

    return {
        "shape": alt.Shape("kind:N", legend=key, scale=scale([look.shape for look in looks])),
        "fill": alt.Fill("kind:N", legend=key, scale=scale(fills)),
        "stroke": alt.Stroke("kind:N", legend=key, scale=scale(colors)),
    }


def _ring(data: Frontier) -> alt.Chart:
    """A second outline around the base, whatever became of it."""
    records = [{"x": mark.gmacs, "y": mark.top1} for mark in data.marks if mark.row.is_base]
    return _chart(records).mark_point(
        size=260, stroke=light("ink"), strokeWidth=1.25, opacity=1, aria=False
    )


def _names(data: Frontier) -> alt.Chart:
    """The numbers of the front's trials and the word base, on the free side of the step line."""
    named = [mark for mark in data.marks if mark.row.on_front or mark.row.is_base]
    records = [{"x": mark.gmacs, "y": mark.top1, "text": _name(mark.row)} for mark in named]
    return _chart(records).mark_text(
        align="right", dx=-9, dy=-10, fontSize=12, color=light("ink"), aria=False
    )


def _name(row: Row) -> str:
    roles = {"base": row.is_base, "winner": row.is_winner}
    words = ", ".join(word for word, holds in roles.items() if holds)
    return f"{row.number} ({words})" if words else str(row.number)


def _rungs(data: Curves) -> alt.Chart:
    """Upright lines at the epochs after which trials could be stopped."""
    return _chart([{"x": rung} for rung in data.rungs]).mark_rule(
        color=light("rule"), strokeDash=[2, 3], aria=False
    )


def _line(row: Row, color: str) -> alt.Chart:
    records = [{"x": epoch, "y": top1} for epoch, top1 in row.curve]
    return _chart(records).mark_line(
        color=color, strokeWidth=2.25 if row.on_front else 1.1, aria=False
    )


def _ends(data: Curves, colors: dict[int, str]) -> alt.Chart:
    records = [
        {"x": row.curve[-1][0], "y": row.curve[-1][1], "color": colors[row.number], **_link(row)}
        for row in data.rows
    ]
    return _chart(records).mark_point(size=22, filled=True, opacity=1)


def _line_names(data: Curves, colors: dict[int, str]) -> alt.Chart:
    records = [
        {
            "x": label.epoch,
            "y": label.y,
            "text": _name(label.row),
            "color": colors[label.row.number],
        }
        for label in data.labels
    ]
    return _chart(records).mark_text(align="left", dx=8, fontSize=12, fontWeight=600, aria=False)


def _finished(chart: alt.LayerChart, canvas: Canvas) -> alt.LayerChart:
    """The size, the words and the look that all pictures share."""
    if canvas.title:
        title = alt.Title(canvas.title, subtitle=canvas.subtitle or "", **theme.TITLE)
        chart = chart.properties(title=title)
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    return chart.properties(
        width=canvas.width, height=canvas.height, autosize=fit, padding=6, config=theme.CONFIG
    )
