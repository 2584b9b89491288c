"""Run every tool in turn and write the record; see the package's docstring."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.feasible import space
from benchmarks.feasible.job import Job
from benchmarks.feasible.table import table
from benchmarks.feasible.uniform import distance
from designspace.records.environment import environment

ROOT = Path(__file__).resolve().parents[2]
TOOLS = (
    "designspace_draw",
    "plain_python",
    "numpy_rejection",
    "optuna_random",
    "optuna_tpe",
    "optuna_nsga2",
    "syne_tune",
)
OURS_REPEATS = 5


def arguments() -> argparse.Namespace:
    """What can be asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15, help="each tool's turn, of CPU time")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each tool, a seed each")
    parser.add_argument("--tools", nargs="+", default=TOOLS)
    parser.add_argument("--python", nargs="+", default=[], metavar="TOOL=PYTHON")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/records/feasible.json")
    return parser.parse_args()


def turn(tool: str, python: str, job: Job, seed: int, seconds: float) -> dict[str, Any]:
    """One tool in a process of its own."""
    request = {"tool": tool, "job": asdict(job), "seed": seed, "seconds": seconds}
    done = subprocess.run(
        [python, "-m", "benchmarks.feasible.worker"],
        input=json.dumps(request),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=ROOT,
    )
    result = json.loads(done.stdout)
    print(tool, result.get("skipped") or f"{result['distinct']} in {result['seconds']:.1f} s")
    return result


def ours() -> list[dict[str, Any]]:
    """Our steps one by one, a process a repeat."""
    command = [sys.executable, "-m", "benchmarks.feasible.ours"]
    return [
        json.loads(subprocess.check_output([*command, str(seed)], text=True, cwd=ROOT))
        for seed in range(OURS_REPEATS)
    ]


def turns(options: argparse.Namespace, job: Job) -> dict[str, list[dict[str, Any]]]:
    """All rounds of all tools, in turn, so that a slow moment of the machine falls on all."""
    pythons = dict(each.split("=", 1) for each in options.python)
    results: dict[str, list[dict[str, Any]]] = {tool: [] for tool in options.tools}
    for seed in range(options.rounds):
        for tool, rounds in results.items():
            python = pythons.get(tool, sys.executable)
            rounds.append(turn(tool, python, job, seed, options.seconds))
    return results


def row(rounds: list[dict[str, Any]], truth: list[list[int]]) -> dict[str, Any]:
    """A tool's line in the record."""
    if "skipped" in rounds[0]:
        return rounds[0]
    number = rounds[0]["version"]
    for each in rounds:
        del each["version"]
        each |= distance(each.pop("marginals"), truth) if each["distinct"] else {}
    return {"version": number, "rounds": rounds}


def _written(record: dict[str, Any]) -> str:
    """JSON with each list of numbers on one line."""
    text = json.dumps(record, indent=1)
    numbers = r"\[\s+((?:-?[\d.e-]+,?\s+)+)\]"
    return re.sub(numbers, lambda match: f"[{' '.join(match[1].split())}]", text) + "\n"


def main() -> None:
    """Check the formula, run the tools, write the record, print its table."""
    options, job = arguments(), space.job()
    space.check_formula()
    load = os.getloadavg()
    truth = space.marginals()
    results = turns(options, job)
    record = {
        "command": "python -m benchmarks.feasible",
        "seconds": options.seconds,
        "seeds": list(range(options.rounds)),
        "job": asdict(job),
        "marginals": truth,
        "tools": {tool: row(rounds, truth) for tool, rounds in results.items()},
        "ours": ours(),
        "environment": environment() | {"load": [load, os.getloadavg()]},
    }
    options.out.write_text(_written(record))
    print(table(record))


if __name__ == "__main__":
    main()
