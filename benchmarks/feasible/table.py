"""A record's table in Markdown."""

from __future__ import annotations

from statistics import median
from typing import Any

NAMES = {
    "designspace_draw": "designspace",
    "numpy_rejection": "rejection in numpy",
    "plain_python": "rejection in a Python loop",
    "syne_tune": "Syne Tune, random",
    "optuna_random": "Optuna, random",
    "optuna_nsga2": "Optuna, NSGA-II with constraints",
    "optuna_tpe": "Optuna, TPE with constraints",
}
HEAD = [
    "| tool | feasible/s | min to max | of draws | repeated | TV (by chance) | s to first 32 |",
    "|---|---|---|---|---|---|---|",
]


def table(record: dict[str, Any]) -> str:
    """Medians over the rounds, the fastest first; tools that were not installed below."""
    rows = {tool: row["rounds"] for tool, row in record["tools"].items() if "rounds" in row}
    order = sorted(rows, key=lambda tool: -median(_rates(rows[tool])))
    lines = [*HEAD, *(_line(NAMES[tool], rows[tool]) for tool in order)]
    missing = [NAMES[tool] for tool in record["tools"] if tool not in rows]
    return "\n".join([*lines, *(f"\n(not installed: {', '.join(missing)})" for _ in missing[:1])])


def _rates(rounds: list[dict[str, Any]]) -> list[float]:
    return [each["distinct"] / each["seconds"] for each in rounds]


def _line(name: str, rounds: list[dict[str, Any]]) -> str:
    def middle(key: str) -> float:
        return median(each[key] for each in rounds)

    rates = _rates(rounds)
    accepted = median(each["feasible"] / each["draws"] for each in rounds)
    repeated = median(1 - each["distinct"] / max(each["feasible"], 1) for each in rounds)
    waits = [each["first_s"] for each in rounds]
    cells = [
        name,
        _number(median(rates)),
        f"{_number(min(rates))} to {_number(max(rates))}",
        f"{accepted:.2%}",
        f"{repeated:.2%}",
        f"{middle('tv_mean'):.3f} ({middle('noise_mean'):.3f})",
        "not reached" if None in waits else f"{median(waits):.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
