"""The data of the report for other programs: CSV with one row per label, and everything as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from designspace.records.measured.csv_text import csv_text
from designspace.reporting.drawing.numbers import MACS_CONVENTION
from designspace.reporting.population.choices import Choices
from designspace.reporting.population.summary import Population, Populations
from designspace.sampling.tables.components import COSTS

_REACH = ("p10", "median", "p90", "mean")


def as_csv(found: Populations) -> str:
    """Return CSV with one row per population and label; an unknown value is an empty cell."""
    costs = [f"{cost}_{name}" for cost in COSTS for name in _REACH]
    head = ["population", "axis", "label", "count", "share", "exact_share", *costs]
    rows = (row for each in found.each for own in each.choices for row in _rows(each, own))
    return csv_text(head, rows)


def _rows(each: Population, own: Choices) -> Iterator[list[object]]:
    exact = each.audits[own.axis].shares if own.axis in each.audits else [""] * len(own.labels)
    for label, share in zip(own.labels, exact, strict=True):
        reaches = [label.costs.get(cost) for cost in COSTS]
        costs = [getattr(reach, name) if reach else "" for reach in reaches for name in _REACH]
        yield [each.name, own.axis, label.label, label.count, label.share, share, *costs]


def as_json(found: Populations) -> str:
    """Return all data that the page and its pictures show; an unknown value is null."""
    document = {
        "format": 1,
        "convention": MACS_CONVENTION,
        "populations": [_population(each) for each in found.each],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n"


def _population(each: Population) -> dict[str, Any]:
    return {
        "name": each.name,
        "file": each.file,
        "about": each.about.model_dump(mode="json") if each.about else None,
        "networks": each.n,
        "distinct": each.distinct,
        "repeated": each.repeated,
        "outside_limits": each.outside if each.about else None,
        "not_compared": each.unaudited or None,
        "costs": {
            cost: {**asdict(each.spreads[cost]), "histogram": asdict(each.histograms[cost])}
            for cost in COSTS
        },
        "pairs": [asdict(data) for data in each.densities],
        "axes": [_axis(each, own) for own in each.choices],
    }


def _axis(each: Population, own: Choices) -> dict[str, Any]:
    audit = each.audits.get(own.axis)
    return {**asdict(own), "audit": asdict(audit) if audit else None}
