"""The page: one self-contained HTML file.

A content security policy lets the page's own script run and nothing else, and forbids every
request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from designspace.records.readings import times_read
from designspace.reporting.drawing.numbers import MACS_CONVENTION, UNKNOWN, MacsUnit, fixed
from designspace.reporting.drawing.palette import front_colors, stylesheet
from designspace.reporting.drawing.template import Drawn, filled, own, script_hash
from designspace.reporting.study import facts
from designspace.reporting.study.choices import Choice, extent, strips
from designspace.reporting.study.rows import Row
from designspace.reporting.study.summary import Summary
from designspace.statistics.binomial import standard_error


@dataclass(frozen=True, slots=True)
class Column:
    """A heading of the trials' table; `number` columns are right-aligned."""

    title: str
    number: bool = True


def _columns(unit: MacsUnit, reference: str) -> tuple[Column, ...]:
    return (
        Column("trial"),
        Column("state", number=False),
        Column("epochs"),
        Column("top-1, %"),
        Column(unit.name),
        Column("M params"),
        Column(f"against {reference}", number=False),
    )


def page(
    summary: Summary, pictures: Mapping[str, Drawn | None], directory: Path, *, on_floor: bool
) -> str:
    """Return the HTML of the report; `pictures` are keyed by their names in the template."""
    script = own("study/page.js")
    colors = _colors(summary)
    return filled(
        "study/page.html.j2",
        study=summary,
        on_floor=on_floor,
        headline=facts.headline(summary),
        convention=" ".join(filter(None, (MACS_CONVENTION, summary.counting))),
        figures=_figures(summary),
        columns=_columns(summary.macs_unit, summary.reference_name),
        macs_unit=summary.macs_unit.name,
        lines=[_line(summary, row, colors) for row in summary.ordered],
        failures=[row for row in summary.rows if row.state in ("failed", "diverged")],
        rungs=", ".join(map(str, summary.meta.scheduler.rungs)),
        fairness=facts.fairness(summary),
        environment=facts.environment(summary),
        not_measured=facts.not_measured(summary),
        commands=facts.command_lines(summary, directory),
        style=Markup(stylesheet() + own("study/page.css")),
        script=Markup(script),
        script_hash=script_hash(script),
        **_choices(summary, colors),
        **pictures,
    )


def _colors(summary: Summary) -> dict[int, str]:
    colors = front_colors(len(summary.front))
    return {row.number: color for row, color in zip(summary.front, colors, strict=True)}


def _line(summary: Summary, row: Row, colors: dict[int, str]) -> dict[str, Any]:
    """Return a row of the trials' table, with its numbers formatted."""
    return {
        "row": row,
        "color": colors.get(row.number),
        "state": "winner" if row.is_winner else row.state,
        "top1": fixed(row.top1, summary.percent_decimals),
        "macs": summary.macs(row),
        "mparams": fixed(row.params / 1e6, summary.mparams_decimals),
    }


def _figures(summary: Summary) -> list[dict[str, str]]:
    """Return the numbers of the headline: scores and costs of the winner, with standard errors."""
    winner = summary.winner
    if winner is None:
        return []
    doubt = "" if summary.noise is None else f"±{summary.noise:.1f} standard error, 1 seed"
    return [
        _figure("winner", f"trial {winner.number}", f"of {summary.count('complete')} complete"),
        _figure("validation top-1", f"{fixed(winner.top1, summary.percent_decimals)} %", doubt),
        _tested(summary),
        _figure(summary.macs_unit.label, summary.macs(winner)),
        _figure("parameters", f"{fixed(winner.params / 1e6, summary.mparams_decimals)} M"),
    ]


def _figure(name: str, value: str, note: str = "") -> dict[str, str]:
    return {"name": name, "value": value, "note": note}


def _tested(summary: Summary) -> dict[str, str]:
    tested = summary.tested
    read = times_read(len(summary.readings))
    if tested is None:
        return _figure(
            "test top-1", UNKNOWN, f"{read}, for other trials" if summary.readings else read
        )
    error = standard_error(tested.top1, tested.n)
    value = f"{fixed(tested.top1, summary.percent_decimals)} %"
    return _figure(f"test top-1, {read}", value, f"±{error:.1f} standard error, 1 seed")


def _choices(summary: Summary, colors: dict[int, str]) -> dict[str, Any]:
    """Return the strips, with scores in percent of the strip's width."""
    scale = extent(summary.rows)
    if scale is None:
        return {"strips": [], "scale": None}
    digits = summary.percent_decimals
    return {
        "scale": {"low": fixed(scale[0], digits), "high": fixed(scale[1], digits)},
        "strips": [
            {
                "axis": strip.axis,
                "choices": [_choice(choice, scale, colors) for choice in strip.choices],
            }
            for strip in strips(summary.rows)
        ],
    }


def _choice(choice: Choice, scale: tuple[float, float], colors: dict[int, str]) -> dict[str, Any]:
    def left(top1: float) -> float:
        width = scale[1] - scale[0]
        return round(4 + 92 * (top1 - scale[0]) / width, 2) if width else 50.0

    return {
        "label": choice.label,
        "is_base": choice.is_base,
        "stopped": choice.stopped,
        "median": None if choice.median is None else left(choice.median),
        "dots": [
            {"number": row.number, "left": left(row.top1), "color": colors.get(row.number)}
            for row in choice.done
            if row.top1 is not None
        ],
    }
