"""Time several steps in turn, so that a slow moment of the machine affects all of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch

from designspace.benchmarking.settings import Settings

FEWEST_ROUNDS = 3
WARM_STEPS, WARM_SECONDS = 3, 0.5
BLOCK_SECONDS, LONGEST_BLOCK = 0.1, 100
"""Duration in seconds and largest number of steps of a block for throughput on CUDA."""

Run = Callable[[], None]


@dataclass
class Times:
    """Times of one network, one entry per round.

    Attributes:
        first: Time of the very first step, which includes compilation if requested [s].
        length: Number of steps of a block; 1 on a device that runs synchronously with Python.
        step: Times of one step, synchronised before and after [s].
        block: Times per step of a block, synchronised only at its ends [s].
    """

    first: float
    length: int = 1
    step: list[float] = field(default_factory=list[float])
    block: list[float] = field(default_factory=list[float])


def warm_up(run: Run, device: torch.device) -> Times:
    """Run until compilation, choice of algorithms and clock rates have settled."""
    last = _seconds(run, device)
    times = Times(first=last)
    began, steps = time.perf_counter(), 0
    while steps < WARM_STEPS or time.perf_counter() - began < WARM_SECONDS:
        last = _seconds(run, device)
        steps += 1
    if device.type == "cuda":
        times.length = min(max(math.ceil(BLOCK_SECONDS / last), 1), LONGEST_BLOCK)
    return times


def take_turns(runs: Mapping[str, tuple[Run, Times]], device: torch.device, how: Settings) -> None:
    """Time the warmed-up steps, each once per round and always in the same order."""
    began = time.perf_counter()
    for number in range(how.rounds):
        if number >= FEWEST_ROUNDS and time.perf_counter() - began > how.seconds:
            return
        for run, times in runs.values():
            times.step.append(_seconds(run, device))
            if times.length > 1:
                times.block.append(_seconds(run, device, times.length) / times.length)
            else:
                times.block.append(times.step[-1])


def _seconds(run: Run, device: torch.device, steps: int = 1) -> float:
    _wait(device)
    began = time.perf_counter()
    for _ in range(steps):
        run()
    _wait(device)
    return time.perf_counter() - began


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
