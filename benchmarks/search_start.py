"""From the command of a search under Ray to its first epoch: wall time, and CPU of all processes.

Run by hand: `python benchmarks/search_start.py [CHECKOUT ...]`, several checkouts in turn; writes
`benchmarks/records/search_start.json`. The CPU seconds are those of the whole session, Ray's
processes included, so that they mean something on a busy machine, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from designspace.records.environment import environment

RUNS = int(os.environ.get("RUNS", "3"))
WORDS = ["search", "--trials", "2", "--scheduler", "none", "--recipe-set", "epochs=1"]
WORDS += ["--recipe-set", "schedule.warmup_epochs=0"]


def session_cpu(session: int, known: dict[str, float]) -> float:
    """CPU seconds of a session, of processes that have ended, too, as last seen."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            known[path.parent.name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return sum(known.values())


def measure(checkout: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        study, began = Path(folder) / "study", time.time()
        process = subprocess.Popen(
            [sys.executable, "-m", "designspace", *WORDS, "--study", str(study)],
            stdout=subprocess.DEVNULL, cwd=folder, start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(checkout)},
        )  # fmt: skip
        ledger, known, row = study / "trials.jsonl", dict[str, float](), dict[str, float]()
        while process.poll() is None:
            cpu = session_cpu(process.pid, known)
            lines = ledger.read_text().splitlines() if ledger.exists() else []
            for event in map(json.loads, lines):
                if event["event"] == "epoch" and not row:
                    end = event["time"] - began
                    row = {"first_epoch_begins_s": end - event["seconds"], "cpu_at_its_end_s": cpu}
            time.sleep(0.1)
        assert process.returncode == 0
        return {name: round(value, 1) for name, value in row.items()} | {
            "whole_command_s": round(time.time() - began, 1)
        }


def main() -> None:
    checkouts = [Path(each).resolve() for each in sys.argv[1:]] or [Path.cwd()]
    rows: dict[str, list[dict[str, float]]] = {path.name: [] for path in checkouts}
    for _ in range(RUNS):
        for path in checkouts:
            rows[path.name].append({**measure(path), "load": round(os.getloadavg()[0], 1)})
            print(path.name, rows[path.name][-1], flush=True)
    record = {
        "command": "python benchmarks/search_start.py BASE NEW",
        "n": RUNS,
        "words": WORDS,
        "runs": rows,
        "environment": environment(),
    }
    path = Path(__file__).parent / "records" / "search_start.json"
    path.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
