"""The pictures of populations as Vega-Lite specifications: plain data from plain data."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from designspace.report import theme
from designspace.report.canvas import Spec, layer, scaled
from designspace.report.palette import front_colors, light
from designspace.report.population.choices import Choices
from designspace.report.population.costs import LEVELS, Density
from designspace.report.population.scales import Scale
from designspace.report.population.summary import Population, Populations

MOST_LABELS = 30  # of an axis that are drawn
_PANEL = 256  # pixels a side of a histogram or density; a whole number for each cell
_LOW = 130  # height of a histogram
_ROW = 15  # height of a label
_COLUMNS = 5
_CONFIG: Spec = {
    **theme.CONFIG,
    "axis": {**theme.CONFIG["axis"], "labelFontSize": 11, "titleFontSize": 12},
    "concat": {"spacing": 24},
}


def colors(count: int) -> Sequence[str]:
    """A color for each population."""
    return front_colors(count)


def histogram(found: Populations, cost: str) -> Spec:
    """The shares of networks along a cost, every population a line over its area."""
    scale = found.scales[cost]
    x = _cost(scale, "x")
    y: Spec = {
        "field": "y",
        "type": "quantitative",
        "title": "share of networks",
        "axis": {"format": ".1%", "tickCount": 4},
    }
    layers = [
        _outline(each, cost, scale, color)
        for each, color in zip(found.each, colors(len(found.each)), strict=True)
    ]
    layers += [_medians(found, cost, scale), _limits(scale, "x")]
    return _panel(layers, {"x": x, "y": y}, height=_LOW)


def density(data: Density, found: Populations, color: str, title: str = "") -> Spec:
    """Networks a cell of two costs, from pale for one to full for most, by the logarithm."""
    across, up = found.scales[data.across], found.scales[data.up]
    cells = [
        {
            "x": data.x[start] / across.unit.size,
            "x2": data.x[stop] / across.unit.size,
            "y": data.y[row] / up.unit.size,
            "y2": data.y[row + 1] / up.unit.size,
            "shade": 0.1 + 0.9 * level / LEVELS,
        }
        for row, start, stop, level in data.runs()
    ]
    shade: Spec = {"field": "shade", "type": "quantitative", "scale": None, "legend": None}
    ends: Spec = {"x2": {"field": "x2"}, "y2": {"field": "y2"}, "opacity": shade}
    mark: Spec = {"type": "rect", "color": color, "stroke": None, "aria": False}
    layers = [layer(cells, mark, ends), _limits(across, "x"), _limits(up, "y")]
    x, y = _cost(across, "x"), _cost(up, "y")
    words = [title] if title else []
    return _panel(layers, {"x": x, "y": y}, height=_PANEL, title=[*words, _densest(data)])


def shares(found: Populations, axis: str) -> Spec:
    """The share of each label of an axis, with a tick for the exact one where it is known."""
    labels = [str(label) for label in found.labels[axis]][:MOST_LABELS]
    bars, ticks = _bars(found, axis)
    height = _ROW * len(labels) * max(1, 0.6 * len(found.each))
    y: Spec = {
        "field": "label",
        "type": "nominal",
        "sort": labels,
        "title": None,
        "scale": {"domain": labels},
        "axis": {"domain": False, "ticks": False, "grid": False, "labelLimit": 90},
    }
    offset: Spec = {"field": "place", "type": "ordinal", "scale": {"paddingInner": 0.15}}
    x: Spec = {
        "field": "share",
        "type": "quantitative",
        "title": None,
        "axis": {"format": ".0%", "tickCount": 3, "grid": True},
    }
    color: Spec = {"field": "color", "type": "nominal", "scale": None}
    tick: Spec = {"type": "tick", "color": light("ink"), "thickness": 1.5, "aria": False}
    layers = [layer(bars, {"type": "bar", "aria": False}, {"color": color}), layer(ticks, tick)]
    encoding = {"x": x, "y": y, "yOffset": offset} if len(found.each) > 1 else {"x": x, "y": y}
    return _panel(layers, encoding, width=150, height=round(height), title=[axis])


def costs_figure(found: Populations, title: str, subtitle: Sequence[str]) -> Spec:
    """Histograms of the costs above the densities of their pairs: a picture that stands alone."""
    rows: list[Spec] = [{"hconcat": [histogram(found, cost) for cost in ("macs", "params", "acts")]}]
    for each, color in zip(found.each, colors(len(found.each)), strict=True):
        name = each.name if len(found.each) > 1 else ""
        rows.append({"hconcat": [density(data, found, color, name) for data in each.densities]})
    return _figure({"vconcat": rows}, title, subtitle)


def choices_figure(found: Populations, title: str, subtitle: Sequence[str]) -> Spec:
    """The shares of all labels, an axis a panel."""
    panels = [shares(found, axis) for axis in found.labels]
    return _figure({"concat": panels, "columns": _COLUMNS}, title, subtitle)


def alone(panel: Spec) -> Spec:
    """A panel as a picture of its own, for the page."""
    return {**panel, "config": _CONFIG, "padding": 4}


def _figure(panels: Spec, title: str, subtitle: Sequence[str]) -> Spec:
    words: Spec = {**theme.TITLE, "text": title, "subtitle": list(subtitle)}
    return {**panels, "title": words, "config": _CONFIG, "padding": 12}


def _panel(
    layers: Sequence[Spec],
    encoding: Spec,
    *,
    height: int,
    width: int = _PANEL,
    title: Sequence[str] = (),
) -> Spec:
    words: Spec = {
        "anchor": "start",
        "fontSize": 12,
        "fontWeight": 600,
        "color": light("ink"),
        "subtitleFontSize": 11,
        "subtitleColor": light("muted"),
        "offset": 6,
    }
    drawn = [each for each in layers if each["data"]["values"]]
    chart: Spec = {"width": width, "height": height, "encoding": encoding, "layer": drawn}
    if title:
        chart["title"] = {**words, "text": title[0], "subtitle": list(title[1:])}
    return chart


def _cost(scale: Scale, channel: str) -> Spec:
    found = scaled(channel, scale.unit.title, scale.domain, log=scale.log)
    found["axis"] = {"tickCount": 5, "grid": False, "domain": True, "ticks": True}
    return found


def _outline(each: Population, cost: str, scale: Scale, color: str) -> Spec:
    data = each.histograms[cost]
    corners: list[Spec] = []
    for (low, high), count in zip(pairwise(data.edges), data.counts, strict=True):
        y = count / each.n
        corners += [{"x": low / scale.unit.size, "y": y}, {"x": high / scale.unit.size, "y": y}]
    mark: Spec = {
        "type": "area",
        "color": color,
        "fillOpacity": 0.22,
        "line": {"color": color, "strokeWidth": 1.4},
        "aria": False,
    }
    return layer(corners, mark, {"order": None})


def _medians(found: Populations, cost: str, scale: Scale) -> Spec:
    """A mark on the ground line under each population's median."""
    records = [
        {"x": each.spreads[cost].median / scale.unit.size, "color": color}
        for each, color in zip(found.each, colors(len(found.each)), strict=True)
    ]
    mark: Spec = {"type": "point", "shape": "triangle-up", "filled": True, "size": 70}
    color: Spec = {"field": "color", "type": "nominal", "scale": None}
    return layer(records, {**mark, "opacity": 1, "aria": False}, {"y": {"datum": 0}, "color": color})


def _limits(scale: Scale, channel: str) -> Spec:
    """Dashed lines at the limits on a cost."""
    mark: Spec = {"type": "rule", "color": light("failed"), "strokeDash": [4, 3], "aria": False}
    other: Spec = {"y" if channel == "x" else "x": None}
    return layer([{channel: end / scale.unit.size} for end in scale.limits], mark, other)


def _densest(data: Density) -> str:
    said = f"1 to {data.most:,} networks a cell"
    return said if data.correlation is None else f"{said}, r = {data.correlation:.2f}"


def _bars(found: Populations, axis: str) -> tuple[list[Spec], list[Spec]]:
    """Shares and exact shares of the labels of an axis, population by population."""
    bars: list[Spec] = []
    ticks: list[Spec] = []
    for place, (each, color) in enumerate(
        zip(found.each, colors(len(found.each)), strict=True)
    ):
        own = next((choices for choices in each.choices if choices.axis == axis), None)
        for record in _records(own) if own else []:
            bars.append({**record, "place": place, "color": color})
        if own and axis in each.audits:
            exact = zip(own.labels, each.audits[axis].shares, strict=True)
            ticks += [
                {"label": label.label, "share": share, "place": place}
                for label, share in list(exact)[:MOST_LABELS]
            ]
    return bars, ticks


def _records(own: Choices) -> list[Spec]:
    return [{"label": each.label, "share": each.share} for each in own.labels[:MOST_LABELS]]
