"""How long the quick verbs take as whole processes, beside Python's own start.

Run by hand: `python benchmarks/startup.py`; writes `benchmarks/records/startup.json`.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from designspace.records.environment import environment

RUNS = 15
COMMANDS = {
    "bare Python": ["-c", "pass"],
    "designspace --help": ["-m", "designspace", "--help"],
    "designspace cost convnext_t": ["-m", "designspace", "cost", "convnext_t"],
}


def seconds(words: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    for words in COMMANDS.values():
        seconds(words)  # compiled files and disk cache
    # in turn, so that a slow moment of the machine falls on all of them
    times = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, words in COMMANDS.items():
            times[name].append(seconds(words))
    rows = {
        name: {
            "median_s": round(statistics.median(each), 3),
            "min_s": round(min(each), 3),
            "max_s": round(max(each), 3),
        }
        for name, each in times.items()
    }
    record = {
        "command": "python benchmarks/startup.py",
        "n": RUNS,
        "seconds": rows,
        "environment": environment(),
    }
    path = Path(__file__).parent / "records" / "startup.json"
    path.write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
