"""Disk use of a study: with the checkpoints of all its trials, and with weights of done ones only.

Run by hand: `python benchmarks/disk.py`; writes `benchmarks/records/disk.json`. Earlier versions
kept every checkpoint and no weights, which is the first study here without its weights.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from designspace.records.environment import environment
from designspace.records.study.study import load_study

TRIALS = 16
WORDS = (
    "search", "--space", "micro", "--recipe-set", "epochs=2", "--trials", str(TRIALS),
    "--executor", "local", "--device", "cpu",
)  # fmt: skip


def sizes(study: Path) -> Counter[str]:
    """Bytes of a study by the kind of file."""
    found = Counter[str]()
    for path in study.rglob("*"):
        if path.is_file():
            found[_kind(path.name)] += path.stat().st_size
    return found


def _kind(name: str) -> str:
    if "checkpoint" in name:
        return "checkpoints"
    return "weights" if name == "weights.safetensors" else "everything else"


def measured(study: Path, *more: str) -> dict[str, Any]:
    """One study from start to end."""
    command = [sys.executable, "-m", "designspace", *WORDS, "--study", str(study), *more]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    state = load_study(study).state
    states = {name: state.count(name) for name in ("complete", "stopped", "failed")}
    return {"trials": states, "bytes": dict(sizes(study)), "total": sum(sizes(study).values())}


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        kept = measured(Path(scratch) / "kept", "--keep-checkpoints")
        study = measured(Path(scratch) / "study")
    record: dict[str, Any] = {
        "command": "python benchmarks/disk.py",
        "study": ["designspace", *WORDS],
        "n": 1,
        "before": kept["total"] - kept["bytes"]["weights"],
        "after": study["total"],
        "with --keep-checkpoints": kept,
        "without": study,
        "device": "cpu",
        "environment": environment(),
    }
    path = Path(__file__).parent / "records" / "disk.json"
    path.write_text(json.dumps(record, indent=2) + "\n")
    print(f"before {record['before'] / 1e6:.1f} MB, after {record['after'] / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
