"""The space: 16 ordinals around ConvNeXt-T, four a stage."""

from __future__ import annotations

import random

import designspace
from benchmarks.feasible.formula import cost
from benchmarks.feasible.job import Job

DEPTHS = [range(1, 6), range(1, 6), range(3, 12), range(1, 6)]
WIDTHS = [range(24, 169, 24), range(48, 337, 48), range(96, 673, 96), range(192, 1345, 192)]
KERNELS = [range(3, 12, 2)] * 4
RATIOS = [[2, 3, 4, 6]] * 4


def sixteen() -> Job:
    """4.5 GMACs +-1 % and at most 30 M parameters."""
    named = {"depth": DEPTHS, "width": WIDTHS, "kernel": KERNELS, "ratio": RATIOS}
    axes = {
        f"{name}_{stage}": list(values)
        for name, stages in named.items()
        for stage, values in enumerate(stages, start=1)
    }
    return Job("sixteen", axes, 4_455_000_000, 4_545_000_000, 30_000_000)


def check_formula(job: Job, n: int = 1000, seed: int = 0) -> None:
    """Hold the formula against the package's own count, at random points and to the unit."""
    rng = random.Random(seed)
    for _ in range(n):
        values = [rng.choice(axis) for axis in job.axes.values()]
        changes = {
            "depths": values[0:4],
            "widths": values[4:8],
            "block.spatial.kernel_size": {"per_stage": values[8:12]},
            "block.ratio": {"per_stage": values[12:16]},
        }
        counted = designspace.cost(designspace.load("convnext_t", changes))
        if (counted.macs, counted.params) != cost(values):
            raise SystemExit(f"the formula and designspace.cost disagree at {values}")
