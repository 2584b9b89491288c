"""A tool's turn: its own process, which reads the job on stdin and writes what it did on stdout."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from benchmarks.feasible.job import Job

FIRST = 32  # as many as pycls' example sweeps ask for


def run(tool: Any, job: Job, seed: int, seconds: float) -> dict[str, Any]:
    """Let a tool draw for some seconds, set-up not counted; then look at what it drew."""
    began = time.perf_counter()
    steps = tool.draws(job, seed)
    next(steps)
    setup = time.perf_counter() - began
    drawn, found, stamps = 0, [np.empty((0, len(job.sizes)), dtype=np.int8)], [0.0]
    began, used = time.perf_counter(), time.process_time()
    for n, points in steps:
        drawn += n
        elapsed = time.perf_counter() - began
        if len(points):
            found.append(points)
            stamps.append(elapsed)
        if elapsed >= seconds:
            break
    used = time.process_time() - used
    points = np.concatenate([np.asarray(each, dtype=np.int8) for each in found])
    when = np.repeat(stamps, [len(each) for each in found])
    first = distinct(points, job.sizes)
    return {
        "seed": seed,
        "setup_s": setup,
        "seconds": elapsed,
        "cpu_s": used,
        "draws": drawn,
        "feasible": len(points),
        "distinct": len(first),
        "first_s": float(when[first[FIRST - 1]]) if len(first) >= FIRST else None,
        "marginals": [
            np.bincount(points[first, axis], minlength=size).tolist()
            for axis, size in enumerate(job.sizes)
        ],
    }


def distinct(points: np.ndarray, sizes: list[int]) -> np.ndarray:
    """Where each network stands for the first time, in order: identity is all 16 choices."""
    keys = np.zeros(len(points), dtype=np.int64)
    for column, size in zip(points.T, sizes, strict=True):
        keys = keys * size + column
    return np.sort(np.unique(keys, return_index=True)[1])


def main() -> None:
    """Read the job, import the tool, run it."""
    request = json.load(sys.stdin)
    began = time.perf_counter()
    try:
        tool = import_module(f"benchmarks.feasible.tools.{request['tool']}")
        number = version(tool.PACKAGE) if tool.PACKAGE else None
    except (ModuleNotFoundError, PackageNotFoundError) as error:
        print(json.dumps({"skipped": str(error)}))
        return
    imported = time.perf_counter() - began
    result = run(tool, Job(**request["job"]), request["seed"], request["seconds"])
    if result["first_s"] is not None:
        result["first_s"] += imported + result["setup_s"]
    print(json.dumps({"version": number, "import_s": imported} | result))


if __name__ == "__main__":
    main()
