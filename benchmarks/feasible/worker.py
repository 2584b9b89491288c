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
    """Let a tool draw for some seconds of this process, set-up not counted; look at what it drew.

    Time is the processor's, so that what else the machine does falls on no tool; the clock's is
    beside it. `first_s` is from the start of the process, its imports and set-up included.
    """
    steps = tool.draws(job, seed)
    next(steps)
    drawn, found, stamps = 0, [np.empty((0, len(job.sizes)), dtype=np.int8)], [0.0]
    clock, began = time.perf_counter(), time.process_time()
    for n, points in steps:
        drawn += n
        now = time.process_time()
        if len(points):
            found.append(points)
            stamps.append(now)
        if now - began >= seconds:
            break
    clock = time.perf_counter() - clock
    points = np.concatenate([np.asarray(each, dtype=np.int8) for each in found])
    when = np.repeat(stamps, [len(each) for each in found])
    first = distinct(points, job.sizes)
    return {
        "seed": seed,
        "setup_s": began,
        "seconds": now - began,
        "clock_s": clock,
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
    try:
        tool = import_module(f"benchmarks.feasible.tools.{request['tool']}")
        number = version(tool.PACKAGE) if tool.PACKAGE else None
    except (ModuleNotFoundError, PackageNotFoundError) as error:
        print(json.dumps({"skipped": str(error)}))
        return
    result = run(tool, Job(**request["job"]), request["seed"], request["seconds"])
    print(json.dumps({"version": number} | result))


if __name__ == "__main__":
    main()
