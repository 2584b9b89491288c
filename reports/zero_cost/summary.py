"""What the record of scores comes to: `summary.json`, and the picture `zero_cost.png`.

`python reports/zero_cost/summary.py`, after `designspace score --study` and `seeds.py`. The first
has the rankings in all; here are the rankings among the networks of one norm, which a score that
merely tells the norms apart would lose, and what the noise of the top-1 itself allows.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from statistics import fmean, variance
from typing import Any

from designspace.records.measured.zero_cost import RECORD, Ranking, StudyScores
from designspace.records.study.study import load_study
from designspace.reporting.drawing.canvas import Canvas, Spec, layer, picture, scaled
from designspace.reporting.drawing.palette import light
from designspace.reporting.drawing.render import png
from designspace.spec.documents.document import write_bytes_atomic, write_text_atomic
from designspace.statistics.reliability import Reliability, reliability
from designspace.zero_cost.rankings import rankings

HERE = Path(__file__).parent


def repeated(found: StudyScores) -> list[list[float]]:
    """Of each network that was trained with every seed, all its top-1."""
    last = {trial.trial: trial.curve[-1] for trial in found.trials}
    tops: dict[int, list[float]] = defaultdict(list)
    for row in csv.DictReader((HERE / "seeds.csv").read_text().splitlines()):
        tops[int(row["trial"])].append(float(row["top1"]))
    most = max(map(len, tops.values()))
    return [[last[n] or 0.0, *rest] for n, rest in tops.items() if len(rest) == most]


def noise(found: StudyScores) -> dict[str, Any]:
    """The noise of one training's top-1, and the tau that it leaves to a perfect predictor."""
    seen: Reliability = reliability(repeated(found))
    spread = variance([trial.curve[-1] or 0.0 for trial in found.trials])
    seen = replace(seen, between=max(0.0, spread - seen.within))  # of all, not of these few
    return {
        "networks": seen.things,
        "trainings": seen.measurements,
        "of": len(found.trials),
        "std_of_one_training": seen.within**0.5,
        "std_of_networks": seen.between**0.5,
        "reliability_of_one_training": seen.one,
        "tau_between_two_seeds": seen.tau_between_two,
        "tau_ceiling": seen.tau_ceiling,
    }


def within(found: StudyScores, axis: str) -> dict[str, list[Ranking]]:
    """The rankings among the networks that share a choice."""
    points = {trial.number: trial.point for trial in load_study(HERE).state.trials.values()}
    groups: dict[str, list[Any]] = defaultdict(list)
    for trial in found.trials:
        groups[points[trial.trial][axis]].append(trial)
    return {label: list(rankings(group, found.epochs)) for label, group in groups.items()}


def levels(found: StudyScores, axis: str) -> dict[str, dict[str, float]]:
    """Mean top-1, and mean SNIP, of the networks that share a choice."""
    points = {trial.number: trial.point for trial in load_study(HERE).state.trials.values()}
    groups: dict[str, list[Any]] = defaultdict(list)
    for trial in found.trials:
        groups[points[trial.trial][axis]].append(trial)
    return {
        label: {
            "n": len(group),
            "top1": fmean(trial.curve[-1] for trial in group),
            "snip": fmean(trial.measured.scores["snip"].mean for trial in group),
        }
        for label, group in groups.items()
    }


def chart(found: StudyScores, ceiling: float) -> Spec:
    """Each column's tau with its interval, over the line that noise draws."""
    rows = [
        {"name": r.column, "tau": r.tau.value, "low": r.tau.low, "high": r.tau.high}
        for r in found.rankings
        if r.tau
    ]
    x = scaled("tau", "Kendall's tau-b with validation top-1", (0, 1))
    y = {
        "field": "name",
        "type": "nominal",
        "title": None,
        "sort": [row["name"] for row in rows],
        "axis": {"labelFontSize": 13},
    }
    ends = {"x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}}
    line = {"type": "rule", "color": light("failed"), "strokeDash": [4, 3], "strokeWidth": 1.5}
    layers = [
        layer([{"tau": ceiling}], line, {"y": None}),
        layer(rows, {"type": "rule", "strokeWidth": 2, "color": light("stopped")}, ends),
        layer(rows, {"type": "point", "filled": True, "size": 90, "color": light("ink")}),
    ]
    words = [
        f"{found.ranked} networks, one seed, {found.epochs} epochs; bars: 95 % of 2,000 resamples",
        f"dashed: what a perfect predictor can expect, {ceiling:.2f}",
    ]
    title = "How scores of untrained networks rank trained ones"
    return picture(layers, {"x": x, "y": y}, Canvas(720, 440, title, words))


def main() -> None:
    """Write both files."""
    found = StudyScores.model_validate_json((HERE / RECORD).read_text())
    known = noise(found)
    groups = {
        label: [ranking.model_dump() for ranking in group]
        for label, group in within(found, "norm").items()
    }
    tops = [trial.curve[-1] or 0.0 for trial in found.trials]
    seconds = sum(trial.measured.seconds for trial in found.trials)
    summary = {
        "command": "python reports/zero_cost/summary.py",
        "top1": {"min": min(tops), "max": max(tops)},
        "seconds_of_scores": seconds,
        "noise": known,
        "levels": levels(found, "norm"),
        "within_norm": groups,
    }
    write_text_atomic(HERE / "summary.json", json.dumps(summary, indent=1) + "\n")
    write_bytes_atomic(HERE / "zero_cost.png", png(chart(found, known["tau_ceiling"]), scale=1.25))


if __name__ == "__main__":
    main()
