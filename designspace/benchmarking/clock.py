"""Timing steps in turn, so that a slow moment of the machine falls on all of them."""

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
"""On CUDA a throughput is timed over so many steps as take this long, and at most so many."""

Run = Callable[[], None]


@dataclass
class Times:
    """Seconds of each round.

    Attributes:
        first: Of the very first step, which compiles where that is asked for.
        step: Of one step, synchronised before and after.
        block: A step's share of several in a row, synchronised at their end only.
        length: Steps of such a block; 1 where the device works in step with Python.
    """

    first: float
    length: int = 1
    step: list[float] = field(default_factory=list[float])
    block: list[float] = field(default_factory=list[float])


def warm_up(run: Run, device: torch.device) -> Times:
    """Run untimed, until compilation, algorithm choice and clocks have settled."""
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
    """Time the warmed-up steps round by round, each once a round and always in the same order."""
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
