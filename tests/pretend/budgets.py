"""What a training step may ask of a GPU, and how a recorded budget is made.

A step may not wait for the GPU and may not copy more than 1 MB from or to pageable memory. How many
kernels it may launch stands in `budgets.yaml`, per case: the launches of the step that has most.
After a change that saves launches, `python -m tests.pretend.budgets` records the lower numbers;
a number that rises needs a reason in the commit.
"""

# ruff: noqa: T201

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import torch
import yaml

from tests.pretend.cases import cases
from tests.pretend.training import Trace, total

FILE = Path(__file__).with_name("budgets.yaml")
PAGEABLE = 1_000_000
"""Bytes of the largest copy from or to pageable memory in a step."""


def recorded() -> Mapping[str, int]:
    """Launches per step, by case."""
    return yaml.safe_load(FILE.read_text())


def faults(trace: Trace, budget: int) -> list[str]:
    """What is wrong with the steps of a training, a line each; none where all is well."""
    found: list[str] = []
    for number, step in enumerate(trace.steps, start=1):
        happened = total(step)
        found += [
            f"step {number}: a pageable copy of {copy.size:,} bytes {copy.direction} at {copy.site}"
            for copy in happened.pageable(beyond=PAGEABLE)
        ]
        if number == 1:  # sets up: constants go to the device, the order of the epoch, the state
            continue
        found += [
            f"step {number}: {cause} at {site} waits for the GPU" for cause, site in happened.syncs
        ]
    if trace.worst > budget:
        most = Counter[str]()
        for (kernel, site), count in total(trace.steady).launches.items():
            most[f"{kernel} at {site}"] += count
        lines = ", ".join(f"{count} {where}" for where, count in most.most_common(5))
        found.append(f"{trace.worst} launches in a step, of a budget of {budget}; most: {lines}")
    return found


def main() -> None:
    """Record the launches of every case."""
    torch.set_num_threads(1)
    before = recorded() if FILE.exists() else {}
    found = dict[str, int]()
    for name, case in cases().items():
        with tempfile.TemporaryDirectory() as folder:
            found[name] = case.trace(Path(folder)).worst
        print(f"{name:<32}{before.get(name, '-'):>6}{found[name]:>6}")
    lines = "".join(f"{name}: {count}\n" for name, count in found.items())
    FILE.write_text(
        "# Launches in a training step, by case; see budgets.py, which writes this file.\n" + lines
    )


if __name__ == "__main__":
    main()
