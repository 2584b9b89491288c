"""A record's tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

NAMES = {
    "designspace_draw": "**designspace**",
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
    """Every tool's line, the fastest first, and below it what was run and what is missing."""
    rows = {tool: row["rounds"] for tool, row in record["tools"].items() if "rounds" in row}
    order = sorted(rows, key=lambda tool: -median(_rates(rows[tool])))
    missing = [NAMES[tool] for tool in record["tools"] if tool not in rows]
    absent = f"; not installed: {', '.join(missing)}" if missing else ""
    note = (
        f"(seconds of CPU time; medians of {len(record['seeds'])} runs of "
        f"{record['seconds']:g} s, tools in turn, {record['environment']['cpus']} shared cores; "
        f"{_versions(record)}{absent}; `{record['command']}`)"
    )
    return "\n".join([*HEAD, *(_line(NAMES[tool], rows[tool]) for tool in order), "", note])


def steps(record: dict[str, Any]) -> str:
    """Our own steps, in a sentence."""
    ours = record["ours"]

    def rate(what: str) -> str:
        return _number(median(each[f"{what}_n"] / each[f"{what}_s"] for each in ours))

    return (
        f"Of {ours[0]['total']:,} networks, {ours[0]['count']:,} are within the limits. Importing "
        f"and loading take {_middle(ours, 'import_and_load_s'):.1f} s; compiling and counting take "
        f"{_middle(ours, 'compile_and_count_s'):.1f} s. After that, `designspace` draws "
        f"{rate('draw')} distinct networks/s as arrays or {rate('specs')}/s as specifications, and "
        f"computes {rate('price')} costs/s of random points (CPU time, medians of {len(ours)} "
        "processes)."
    )


def _rates(rounds: Sequence[dict[str, Any]]) -> list[float]:
    return [each["distinct"] / each["seconds"] for each in rounds]


def _middle(rounds: Sequence[dict[str, Any]], key: str) -> float:
    return median(each[key] for each in rounds)


def _versions(record: dict[str, Any]) -> str:
    tools = record["tools"]
    named = {"numpy": "numpy_rejection", "Optuna": "optuna_random", "Syne Tune": "syne_tune"}
    known = {name: tools.get(tool, {}).get("version") for name, tool in named.items()}
    return ", ".join(f"{name} {number}" for name, number in known.items() if number)


def _line(name: str, rounds: Sequence[dict[str, Any]]) -> str:
    rates, waits = _rates(rounds), [each["first_s"] for each in rounds]
    accepted = median(each["feasible"] / each["draws"] for each in rounds)
    repeated = median(1 - each["distinct"] / max(each["feasible"], 1) for each in rounds)
    cells = [
        name,
        _number(median(rates)),
        f"{_number(min(rates))} to {_number(max(rates))}",
        f"{accepted:.2%}",
        f"{repeated:.2%}",
        f"{_middle(rounds, 'tv_mean'):.4f} ({_middle(rounds, 'noise_mean'):.4f})",
        "not reached" if None in waits else f"{median(waits):.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
