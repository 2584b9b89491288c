"""How long the commands that train nothing take, here and in another checkout, in turn.

Every command is a process of its own. Spaces are described twice: with the cache switched off, as
the first time, and from the cache, as every time after. A checkout that keeps nothing does the same
work both times. Beside the commands: specifications per second, from a draw that is there already.

Run by hand, with a checkout of the commit to compare with:

    git worktree add ../base COMMIT
    python benchmarks/instant.py --base ../base    # writes benchmarks/records/instant.json
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from designspace.records.environment import environment

ROOT = Path(__file__).resolve().parents[1]
SPECS = """
import time
try:
    from designspace.sampling.space import load_space
except ImportError:  # a checkout from before the rooms were named after the field
    from designspace.algebra.space import load_space
space = load_space("sixteen")
drawn = space.feasible().draw(2000, seed=1)
space.samples(drawn.head(200))
began = time.process_time()
space.samples(drawn)
print(len(drawn) / (time.process_time() - began))
"""
SPACES = ("sixteen", "micro", "convnext", "regnet")
INFO = ["-m", "designspace", "space", "info"]
SAMPLE = ["-m", "designspace", "sample", "sixteen", "-n", "32"]
ANSWERS = ("space info", "sample")  # the numbers of these must agree
COMMANDS = {
    "bare Python": (["-c", "pass"], "off"),
    "--help": (["-m", "designspace", "--help"], "off"),
    "show convnext_t": (["-m", "designspace", "show", "convnext_t"], "off"),
    "cost convnext_t": (["-m", "designspace", "cost", "convnext_t"], "off"),
    "catalog": (["-m", "designspace", "catalog"], "off"),
    "sample sixteen -n 32": (SAMPLE, "off"),
    "sample sixteen -n 32, again": (SAMPLE, "on"),
    **{
        f"space info {n}, first": (["-m", "designspace", "space", "info", n], "off") for n in SPACES
    },
    **{f"space info {n}, again": ([*INFO, n], "on") for n in SPACES},
}


def run(words: list[str], checkout: Path, cache: str, home: Path) -> tuple[float, float, str]:
    """Seconds of the processor and of the clock, and what was printed."""
    places = {"PYTHONPATH": str(checkout), "XDG_CACHE_HOME": str(home / checkout.name)}
    places |= {"PYTHONPYCACHEPREFIX": str(home / "bytecode"), "DESIGNSPACE_CACHE": cache}
    settings = {**os.environ, **places}
    settings.pop("PYTHONDONTWRITEBYTECODE", None)
    before, began = os.times(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words], check=True, capture_output=True, text=True, cwd=checkout,
        env=settings,
    )  # fmt: skip
    clock, after = time.perf_counter() - began, os.times()
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system, clock, done.stdout


def figures(said: str) -> tuple[str, ...]:
    """The numbers in what was printed; the words around them may differ from commit to commit."""
    return tuple(re.findall(r"\d[\d,.e+]*", said))


def summary(values: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
    }


def row(times: dict[str, list[tuple[float, float]]]) -> dict[str, Any]:
    """The seconds of one command in each checkout, and how they compare."""
    found = {
        name: {
            "cpu_s": summary([cpu for cpu, _ in each]),
            "clock_s": summary([clock for _, clock in each]),
        }
        for name, each in times.items()
    }
    if len(found) == 2:
        before, after = (found[name]["cpu_s"]["median"] for name in ("before", "after"))
        return {**found, "after_over_before_cpu": round(after / before, 3)}
    return found


def commit_of(checkout: Path) -> str:
    words = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    return subprocess.check_output(words, text=True).strip()


def measure(
    checkouts: dict[str, Path], runs: int, home: Path, commands: dict[str, tuple[list[str], str]]
) -> dict[str, Any]:
    times: dict[str, Any] = {name: {each: [] for each in checkouts} for name in commands}
    speeds: dict[str, list[float]] = {each: [] for each in checkouts}
    for turn in range(runs + 1):  # the first turn fills caches, and is not counted
        for name, (words, cache) in commands.items():
            printed: set[tuple[str, ...]] = set()
            for each, checkout in checkouts.items():
                cpu, clock, said = run(words, checkout, cache, home)
                printed.add(figures(said))
                if turn:
                    times[name][each].append((cpu, clock))
            if len(printed) > 1 and name.startswith(ANSWERS):
                raise SystemExit(f"{name}: the checkouts disagree")
        for each, checkout in checkouts.items():
            speeds[each] += [float(run(["-c", SPECS], checkout, "off", home)[2])] * (turn > 0)
        print(f"turn {turn} of {runs}", file=sys.stderr)
    return {
        "seconds": {name: row(each) for name, each in times.items()},
        "specs_per_cpu_second": {each: summary(values) for each, values in speeds.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, help="a checkout of the commit to compare with")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--only", nargs="+", default=[""], help="how the names of commands begin")
    options = parser.parse_args()
    checkouts = {"before": options.base.resolve()} if options.base else {}
    checkouts["after"] = ROOT
    commands = {n: each for n, each in COMMANDS.items() if n.startswith(tuple(options.only))}
    load = os.getloadavg()
    with tempfile.TemporaryDirectory() as home:
        found = measure(checkouts, options.runs, Path(home), commands)
    record = {
        "command": " ".join(
            ["python benchmarks/instant.py --base CHECKOUT --only", *map(repr, options.only)]
        ),
        "n": options.runs,
        "commits": {name: commit_of(checkout) for name, checkout in checkouts.items()},
        **found,
        "environment": environment() | {"load": [load, os.getloadavg()]},
    }
    path = ROOT / "benchmarks" / "records" / "instant.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
