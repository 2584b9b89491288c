"""The space, from the catalog: 16 ordinals around ConvNeXt-T, four a stage."""

from __future__ import annotations

import random
from functools import cache

import designspace
from benchmarks.feasible.formula import cost
from benchmarks.feasible.job import Job
from designspace.sampling.space import CountedSpace

NAME = "sixteen"


@cache
def sixteen() -> CountedSpace:
    """Depths, widths, kernel sizes and ratios, in the order that the formula takes them."""
    return designspace.space(NAME)


def job() -> Job:
    """The space and its limits as plain data."""
    space = sixteen()
    bounds = space.feasible().bounds
    axes = {name: list(axis.choices.values()) for name, axis in space.axes.items()}
    return Job(NAME, axes, *bounds.macs, bounds.params[1])


def check_formula(n: int = 1000, seed: int = 0) -> None:
    """Hold the formula against the package's own count, at random points and to the unit."""
    space, rng = sixteen(), random.Random(seed)
    for _ in range(n):
        point = {name: rng.choice(axis.labels) for name, axis in space.axes.items()}
        values = [space.axes[name].choices[label] for name, label in point.items()]
        counted = designspace.cost(space.spec(point))
        if (counted.macs, counted.params) != cost(values):
            raise SystemExit(f"the formula and designspace.cost disagree at {point}")


def marginals() -> list[list[int]]:
    """How many feasible networks have each label, an axis a row: a count a label, exactly."""
    space = sixteen()
    count = space.count()
    rows = [[_with(name, label) for label in axis.labels] for name, axis in space.axes.items()]
    if any(sum(row) != count for row in rows):
        raise SystemExit("the counts of an axis' labels do not add up to the whole")
    return rows


def _with(name: str, label: str) -> int:
    """How many feasible networks have this label: the count of a space with no other choice."""
    space = sixteen()
    only = {"path": space.axes[name].path, "choices": {label: space.axes[name].choices[label]}}
    axes = space.authored["axes"] | {name: only}
    return designspace.space(space.authored | {"axes": axes}).count()
