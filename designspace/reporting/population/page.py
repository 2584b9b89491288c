"""The page of populations: one self-contained HTML file that runs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from designspace.reporting.drawing.numbers import MACS_CONVENTION, UNKNOWN
from designspace.reporting.drawing.palette import stylesheet
from designspace.reporting.drawing.template import filled, own
from designspace.reporting.population import words
from designspace.reporting.population.charts import ACROSS, MOST_LABELS, colors
from designspace.reporting.population.choices import Choices, Label
from designspace.reporting.population.scales import Unit
from designspace.reporting.population.summary import Population, Populations

_SPREAD = ("least", "median", "most", "mean", "p5", "p25", "p75", "p95")


class Reach(NamedTuple):
    """Scale of one cost's strips, and the unit in which the cost is written."""

    low: float
    high: float
    unit: Unit


def page(found: Populations, pictures: Mapping[str, Sequence[Markup]]) -> str:
    """Return the HTML; `pictures` holds the histograms, and the densities of each population."""
    shades = colors(len(found.each))
    reach = _extents(found)
    return filled(
        "population/page.html.j2",
        title=title(found),
        populations=[_population(*each) for each in zip(found.each, shades, strict=True)],
        several=len(found.each) > 1,
        convention=MACS_CONVENTION,
        costs=[found.scales[cost].unit.short for cost in ACROSS],
        columns=_SPREAD,
        spreads=[_spreads(found, cost, shades) for cost in ACROSS],
        axes=[_axis(found, axis, shades, reach) for axis in found.labels],
        most_labels=MOST_LABELS,
        not_known=words.not_known(found),
        command=words.command([each.file for each in found.each]),
        style=Markup(stylesheet() + own("study/page.css") + own("population/page.css")),
        **pictures,
    )


def title(found: Populations) -> str:
    """Return the title of the report."""
    if len(found.each) > 1:
        return " and ".join([", ".join(each.name for each in found.each[:-1]), found.each[-1].name])
    each = found.each[0]
    name = each.about.space if each.about and each.about.space else each.name
    return f"{name}: {each.n:,} networks" if each.n > 1 else f"{name}: 1 network"


def _population(each: Population, color: str) -> dict[str, Any]:
    return {
        "name": each.name,
        "color": color,
        "headline": words.headline(each),
        "origin": words.origin(each),
        "coverage": words.coverage(each),
        "audits": [
            {
                "axis": axis,
                "seen": f"{audit.seen} of {audit.possible}",
                "distance": _distance(audit.distance),
                "chance": _distance(audit.chance),
                "high": _distance(audit.high),
                "beyond": audit.distance > audit.high,
            }
            for axis, audit in each.audits.items()
        ],
        "explained": [
            {"axis": own.axis, "shares": [_explained(own.explained[cost]) for cost in ACROSS]}
            for own in each.choices
        ],
    }


def _distance(value: float) -> str:
    return f"{100 * value:.3f}"


def _explained(share: float | None) -> dict[str, Any]:
    if share is None:
        return {"text": UNKNOWN, "width": 0}
    return {"text": f"{100 * share:.1f} %", "width": round(100 * share, 1)}


def _spreads(found: Populations, cost: str, shades: Sequence[str]) -> dict[str, Any]:
    """Return the minimum, quantiles, maximum and mean of one cost for every population."""
    unit = found.scales[cost].unit
    rows = [
        {
            "name": each.name,
            "color": color,
            "cells": [words.cost(unit, getattr(each.spreads[cost], name)) for name in _SPREAD],
        }
        for each, color in zip(found.each, shades, strict=True)
    ]
    return {"cost": unit.short, "rows": rows}


def _extents(found: Populations) -> dict[str, Reach]:
    """Return the scale of each cost's strips: it spans the middle four fifths of all labels."""
    reaches = {
        cost: [
            label.costs[cost]
            for each in found.each
            for own in each.choices
            for label in own.labels
            if label.costs
        ]
        for cost in ACROSS
    }
    return {
        cost: Reach(
            min((r.p10 for r in each), default=0.0),
            max((r.p90 for r in each), default=1.0),
            found.scales[cost].unit,
        )
        for cost, each in reaches.items()
    }


def _axis(
    found: Populations, axis: str, shades: Sequence[str], reach: Mapping[str, Reach]
) -> dict[str, Any]:
    """Return the labels of an axis, each with one line per population that has the axis."""
    owners = [
        (each, color, own)
        for each, color in zip(found.each, shades, strict=True)
        for own in each.choices
        if own.axis == axis
    ]
    widest = max((label.share for _, _, own in owners for label in own.labels), default=0) or 1.0
    labels = found.labels[axis][:MOST_LABELS]
    return {
        "name": axis,
        "left_out": len(found.labels[axis]) - len(labels),
        "idle": [f"{100 * own.idle / each.n:.1f} %" for each, _, own in owners if own.idle],
        "labels": [
            {
                "label": label,
                "lines": [
                    _line(each, color, own, place, widest, reach) for each, color, own in owners
                ],
            }
            for place, label in enumerate(labels)
        ],
    }


def _line(
    each: Population,
    color: str,
    own: Choices,
    place: int,
    widest: float,
    reach: Mapping[str, Reach],
) -> dict[str, Any]:
    label = own.labels[place]
    exact = each.audits[own.axis].shares[place] if own.axis in each.audits else None
    said = "" if exact is None else f"; exact {_percent(exact)}"
    return {
        "color": color,
        "share": _percent(label.share),
        "width": round(96 * label.share / widest, 2),
        "exact": None if exact is None else round(min(96 * exact / widest, 100), 2),
        "said": f"{label.count:,} networks{said}",
        "strips": [_strip(label, cost, reach[cost]) for cost in ACROSS],
    }


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share == 0 or share >= 0.0005 else "<0.1 %"


def _strip(label: Label, cost: str, reach: Reach) -> dict[str, Any] | None:
    """Return where the middle four fifths and the median of a cost lie, in percent of the strip."""
    if not label.costs:
        return None

    def left(value: float) -> float:
        width = reach.high - reach.low
        return round(2 + 96 * (value - reach.low) / width, 2) if width > 0 else 50.0

    own = label.costs[cost]
    ends = left(own.p10), left(own.p90)
    return {
        "left": ends[0],
        "width": max(round(ends[1] - ends[0], 2), 0.5),
        "median": left(own.median),
        "text": words.cost(reach.unit, own.median),
    }
