"""Accidents: no memory left, a CUDA error that stays, a process of a group that fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.gpu.point import ROOT, Facts, Place, Point, expect

HUGE = 1 << 18
"""Images of one step whose activations no GPU holds."""


def out_of_memory(place: Place) -> Facts:
    """One line that says what to change, a record that says `failed`, and the next run works."""
    out = place.folder / "huge"
    words = ("train", "convnext_b", "--data", str(_many(place)), "--input-size=224")
    options = ("--device", place.device, "--out", str(out), "--recipe-set=epochs=1")
    said = place.command(*words, *options, f"--recipe-set=batch_size={HUGE}", expect=(1,))
    line = said.strip().splitlines()[-1]
    expect("batch_size" in line, f"the line names no batch size: {line}")
    record = json.loads((out / "record.json").read_text())
    expect(record["outcome"]["state"] == "failed", f"the record says {record['outcome']}")
    return {"line": line, "outcome": record["outcome"]}


def _many(place: Place) -> Path:
    """Tiny images enough for one huge batch."""
    import numpy as np

    path = place.folder / "many.npz"
    labels = np.arange(2 * HUGE) % 2
    pixels = np.zeros((2 * HUGE, 8, 8), dtype=np.uint8)
    np.savez(path, train_x=pixels, train_y=labels, test_x=pixels[:4], test_y=labels[:4])
    return path


def sticky(place: Place) -> Facts:
    """A device assert in one trial costs that trial's process, and no other trial."""
    found: dict[str, Any] = {}
    for executor, codes in (("ray", (0,)), ("local", (1,))):
        study = place.folder / executor
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.gpu.planted", str(study), str(place.arrays()),
             executor],
            cwd=ROOT, env=place.variables, text=True, capture_output=True, check=False,
        )  # fmt: skip
        lines = done.stderr.strip().splitlines() or [""]
        found[executor] = {"exit_code": done.returncode, "line": lines[-1]}
        expect(
            done.returncode in codes and "Traceback" not in done.stderr,
            f"{executor}: exit code {done.returncode}: {lines[-1]}",
        )
        found[executor]["trials"] = json.loads(done.stdout) if done.stdout.strip() else {}
    states = found["ray"]["trials"]
    expect(not states.get("failed"), f"under Ray these trials ended so: {states}")
    return found


def group(place: Place) -> Facts:
    """A process that fails ends its group at once, with a code that is not 0."""
    script = ROOT / "benchmarks" / "gpu" / "failing_rank.py"
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=1",
         str(script), place.device],
        cwd=place.folder, env=place.variables, text=True, capture_output=True, check=False,
        timeout=100,
    )  # fmt: skip
    expect(done.returncode != 0, "the group ended as if nothing had failed")
    expect("planted" in done.stderr, "the error of the process is not shown")
    return {"exit_code": done.returncode}


POINTS = (
    Point("memory", "out of memory is one line, and a record", out_of_memory, ("gpu",), 300),
    Point("sticky", "a CUDA error costs one process, no other trial", sticky, ("gpu", "ray"), 300),
    Point("group", "a failing process ends its group", group),
)
