"""What other tools do, as surveyed on 2026-11-22, and how quickly they draw under a budget."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from reports.measured.records import read

_COLUMNS = ("", "designspace", "Optuna 5", "Ray Tune", "NePS", "pycls", "ModelOpt")
_FACTS = (
    ("networks as validated YAML", "yes", "no", "no", "no", "partly", "no"),
    ("exact cost without building", "yes", "no", "no", "no", "by hand", "no"),
    ("counts the networks within limits", "yes", "no", "no", "no", "no", "no"),
    ("reports an empty space before it starts", "yes", "no", "no", "no", "no", "yes"),
    ("stops poor trials early", "yes", "yes", "yes", "yes", "no", "no"),
    ("searches for several objectives", "no", "yes", "partly", "yes", "no", "no"),
    ("trains subnets of one supernet", "no", "no", "no", "no", "no", "yes"),
    ("refuses an unfair comparison", "yes", "no", "no", "no", "partly", "no"),
    ("report as one HTML file", "yes", "server", "no", "no", "yes", "no"),
)


def peers() -> str:
    """One row per question, one column per tool."""
    rows = [*_FACTS[:3], _drawn(), _FACTS[3], _killed(), *_FACTS[4:]]
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|" + "---|" * len(_COLUMNS)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    note = (
        "The answers were read from each tool's source and documentation, or tried, on 2026-11-22: "
        "Optuna 5.0, Ray Tune 2.60, NePS 0.17, pycls of 2023-08, ModelOpt 0.47. Networks per "
        "second were measured in the space `sixteen` within its limits. The two numbers for Optuna "
        "are its slowest and its fastest sampler. A dash means not measured. `docs/benchmarks.md` "
        "has the conditions."
    )
    return "\n".join([*lines, "", note])


def _drawn() -> Sequence[str]:
    """Networks within limits per second of CPU time."""
    tools = read("benchmarks/records/feasible.json")["tools"]
    rates = {
        name: median(turn["distinct"] / turn["seconds"] for turn in tool["rounds"])
        for name, tool in tools.items()
        if "rounds" in tool
    }
    optuna = [rate for name, rate in rates.items() if name.startswith("optuna")]
    ours = f"{rates['designspace_draw']:,.0f}"
    return (
        *("networks within limits per second", ours, f"{min(optuna):.0f} to {max(optuna):.0f}"),
        *("-", "-", "-", "-"),
    )


def _killed() -> Sequence[str]:
    """Return the row on the same command after `kill -9`: the kills by SIGKILL alone."""
    kills: Any = read("benchmarks/records/kills.json")["kills"]
    hard = [kill for kill in kills if kill["signals"] == "SIGKILL"]
    clean = [kill for kill in hard if kill["complete"] and not kill["epochs_recorded_twice"]]
    ours = f"resumes, {len(clean)} of {len(hard)} kills"
    return (
        *("after `kill -9`, the same command", ours, "repeats trials", "repeats trials"),
        *("resumes", "-", "-"),
    )


PARTS = {
    "peers": peers,
}
