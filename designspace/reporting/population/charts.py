"""The pictures of populations as Vega-Lite specifications, made from plain data."""

from __future__ import annotations

from collections.abc import Sequence

from designspace.reporting.drawing import theme
from designspace.reporting.drawing.canvas import Spec, layer, scaled
from designspace.reporting.drawing.palette import front_colors, light
from designspace.reporting.population.choices import Choices
from designspace.reporting.population.costs import LEVELS, Density
from designspace.reporting.population.scales import Scale, ends
from designspace.reporting.population.summary import Population, Populations

ACROSS = ("macs", "params", "acts")  # from left to right
MOST_LABELS = 30  # labels per axis that are drawn
_PANEL = 256  # side of a histogram or density in pixels; a whole number of pixels per cell
_LOW = 130  # height of a histogram
_ROW = 15  # height of a label
_COLUMNS = 5
_LONGEST = 40  # characters of a name in a legend
_TITLE: Spec = {
    "anchor": "start",
    "frame": "group",
    "fontSize": 12,
    "fontWeight": 600,
    "offset": 8,
    "subtitleFontSize": 11,
    "subtitleColor": light("muted"),
}
_CONFIG: Spec = {
    **theme.CONFIG,
    "axis": {**theme.CONFIG["axis"], "labelFontSize": 11, "titleFontSize": 12},
    "axisY": {**theme.CONFIG["axisY"], "minExtent": 42},
    "concat": {"spacing": 24},
}


def colors(count: int) -> Sequence[str]:
    """Return one color per population."""
    return front_colors(count)


def histogram(found: Populations, cost: str) -> Spec:
    """Draw the share of networks along a cost: one line with a filled area per population."""
    scale = found.scales[cost]
    x = _cost(scale, "x")
    y: Spec = {
        "field": "y",
        "type": "quantitative",
        "title": "share of networks",
        "stack": None,
        "axis": {"format": ".1%", "tickCount": 4},
    }
    own = list(zip(found.each, colors(len(found.each)), strict=True))
    layers = [_outline(each, cost, scale, color) for each, color in own]
    layers += [_limits(each, scale, "x", _limit_color(found, color)) for each, color in own]
    layers.append(_medians(found, cost, scale))
    return _panel(layers, {"x": x, "y": y}, height=_LOW)


def density(data: Density, each: Population, found: Populations, color: str) -> Spec:
    """Draw the number of networks per cell of two costs, pale for few and full for most.

    The shade is the square root of the number of networks, relative to the fullest cell.
    """
    across, up = found.scales[data.across], found.scales[data.up]
    cells = [
        {
            "x": data.x[start] / across.unit.size,
            "x2": data.x[stop] / across.unit.size,
            "y": data.y[row] / up.unit.size,
            "y2": data.y[row + 1] / up.unit.size,
            "shade": level / LEVELS,
        }
        for row, start, stop, level in sorted(data.runs(), key=lambda run: run[-1])
    ]
    shade: Spec = {"field": "shade", "type": "quantitative", "scale": None, "legend": None}
    corners: Spec = {"x2": {"field": "x2"}, "y2": {"field": "y2"}, "opacity": shade}
    mark: Spec = {"type": "rect", "color": color, "stroke": None, "aria": False}
    line = _limit_color(found, color)
    layers = [layer(cells, mark, corners)]
    layers += [_limits(each, across, "x", line), _limits(each, up, "y", line)]
    encoding = {"x": _cost(across, "x"), "y": _cost(up, "y")}
    name_color = color if len(found.each) > 1 else light("muted")
    words = [each.name, _densest(data)] if len(found.each) > 1 else [_densest(data), ""]
    return _panel(layers, encoding, height=_PANEL, title=words, color=name_color)


def shares(found: Populations, axis: str) -> Spec:
    """Draw the share of each label of an axis, with a tick at the exact share if it is known."""
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
    return _panel(layers, encoding, width=150, height=round(height), title=(axis, ""))


def costs_figure(found: Populations, title: str, subtitle: Sequence[str]) -> Spec:
    """Draw the histograms of the costs above the densities of their pairs, as one picture."""
    rows: list[Spec] = [{"hconcat": [histogram(found, cost) for cost in ACROSS]}]
    for each, color in zip(found.each, colors(len(found.each)), strict=True):
        rows.append({"hconcat": [density(data, each, found, color) for data in each.densities]})
    return _figure({"vconcat": [*_legend(found), *rows]}, title, subtitle)


def choices_figure(found: Populations, title: str, subtitle: Sequence[str]) -> Spec:
    """Draw the shares of all labels, one panel per axis."""
    panels = [shares(found, axis) for axis in found.labels]
    rows = [*_legend(found), {"concat": panels, "columns": _COLUMNS}]
    return _figure({"vconcat": rows}, title, subtitle)


def alone(panel: Spec) -> Spec:
    """Return a panel as a picture on its own, for the page."""
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
    title: Sequence[str] = ("", ""),
    color: str = "",
) -> Spec:
    """Combine layers into a panel of this size, with a colored title and a muted second line."""
    drawn = [each for each in layers if each["data"]["values"]]
    chart: Spec = {"width": width, "height": height, "encoding": encoding, "layer": drawn}
    if any(title):
        chart["title"] = {**_TITLE, "text": title[0], "color": color or light("ink")}
        if title[1]:
            chart["title"]["subtitle"] = title[1]
    return chart


def _legend(found: Populations) -> list[Spec]:
    """Draw the names of several populations beside their colors; nothing for one population."""
    if len(found.each) == 1:
        return []
    place, records = 8.0, list[Spec]()
    for each, color in zip(found.each, colors(len(found.each)), strict=True):
        name = (
            each.name
            if len(each.name) <= _LONGEST
            else f"{each.name[:_LONGEST]}\N{HORIZONTAL ELLIPSIS}"
        )
        records.append({"x": place, "name": name, "color": color})
        place += 36 + 7.2 * len(name)
    field: Spec = {"field": "color", "type": "nominal", "scale": None}
    x: Spec = {"field": "x", "type": "quantitative", "axis": None}
    x["scale"] = {"domain": [0, place], "nice": False}
    square: Spec = {"type": "point", "shape": "square", "filled": True, "size": 90, "opacity": 1}
    words: Spec = {"type": "text", "align": "left", "dx": 10, "fontSize": 12}
    words["color"] = light("ink")
    text: Spec = {"text": {"field": "name", "type": "nominal"}}
    layers = [
        layer(records, {**square, "aria": False}, {"color": field}),
        layer(records, words, text),
    ]
    return [{"width": round(place), "height": 12, "encoding": {"x": x}, "layer": layers}]


def _limit_color(found: Populations, color: str) -> str:
    """Return a signal color for the limits of a single population; each of several has its own."""
    return light("failed") if len(found.each) == 1 else color


def _cost(scale: Scale, channel: str) -> Spec:
    found = scaled(channel, scale.unit.title, scale.domain, log=scale.log)
    found["axis"] = {"tickCount": 5, "grid": False, "domain": True, "ticks": True}
    return found


def _outline(each: Population, cost: str, scale: Scale, color: str) -> Spec:
    """Draw steps from edge to edge, down to the ground line at the last edge."""
    data = each.histograms[cost]
    corners = [
        {"x": edge / scale.unit.size, "y": count / each.n}
        for edge, count in zip(data.edges, (*data.counts, 0), strict=True)
    ]
    mark: Spec = {
        "type": "area",
        "interpolate": "step-after",
        "color": color,
        "fillOpacity": 0.22,
        "line": {"color": color, "strokeWidth": 1.4},
        "aria": False,
    }
    return layer(corners, mark)


def _medians(found: Populations, cost: str, scale: Scale) -> Spec:
    """Draw a mark on the ground line at each population's median."""
    records = [
        {"x": each.spreads[cost].median / scale.unit.size, "y": 0, "color": color}
        for each, color in zip(found.each, colors(len(found.each)), strict=True)
    ]
    mark: Spec = {"type": "point", "shape": "triangle-up", "filled": True, "size": 70}
    color: Spec = {"field": "color", "type": "nominal", "scale": None}
    return layer(records, {**mark, "opacity": 1, "aria": False}, {"color": color})


def _limits(each: Population, scale: Scale, channel: str, color: str) -> Spec:
    """Draw dashed lines at a population's limits on a cost, if they are inside the picture."""
    limits = ends(each.about.limits, scale.cost) if each.about else []
    records = [{channel: end / scale.unit.size} for end in limits if end in scale.limits]
    mark: Spec = {"type": "rule", "color": color, "strokeDash": [4, 3], "aria": False}
    return layer(records, mark, {"y" if channel == "x" else "x": None})


def _densest(data: Density) -> str:
    said = f"1 to {data.most:,} networks per cell"
    return said if data.correlation is None else f"{said}, r = {data.correlation:.2f}"


def _bars(found: Populations, axis: str) -> tuple[list[Spec], list[Spec]]:
    """Return the shares and the exact shares of the labels of an axis, population by population."""
    bars: list[Spec] = []
    ticks: list[Spec] = []
    for place, (each, color) in enumerate(zip(found.each, colors(len(found.each)), strict=True)):
        own = next((choices for choices in each.choices if choices.axis == axis), None)
        for record in _records(own) if own else []:
            bars.append({**record, "place": place, "color": color})
        if own and axis in each.audits:
            exact = zip(own.labels, each.audits[axis].shares, strict=True)
            ticks += [
                {"label": label.label, "share": share, "place": place}
                for label, share in list(exact)[:MOST_LABELS]
                if share or label.count
            ]
    return bars, ticks


def _records(own: Choices) -> list[Spec]:
    return [{"label": each.label, "share": each.share} for each in own.labels[:MOST_LABELS]]
