"""One row: a network, and its counterpart if there is one, in one mode at one batch size."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from designspace.benchmarking.clock import Times, take_turns, warm_up
from designspace.benchmarking.failures import EXPECTED, let_go, reason
from designspace.benchmarking.memory import memory_of
from designspace.benchmarking.settings import Settings
from designspace.benchmarking.steps import Step, make_step
from designspace.records.measured.speed import Mode, Speed, Spread


@dataclass(frozen=True)
class Task:
    """The work of every network of a row.

    Attributes:
        mode: Inference or training, `infer` or `train`.
        batch_size: Number of images per step.
        size: Side of the image in pixels.
        how: Conditions of the measurement.
        device: Device that runs the step.
    """

    mode: Mode
    batch_size: int
    size: int
    how: Settings
    device: torch.device


@dataclass
class Outcome:
    """Speeds by name, and the reasons for the networks without one."""

    speeds: dict[str, Speed] = field(default_factory=dict[str, Speed])
    failures: dict[str, str] = field(default_factory=dict[str, str])

    def guarded(self, name: str, work: Callable[[], None]) -> None:
        """Do work for one network; note a failure of the batch or compiler, raise any other."""
        try:
            work()
        except EXPECTED as error:
            words = reason(error)
            if words is None:
                raise
            self.failures[name] = words
            gc.collect()  # the next network needs the memory


def measure(networks: Mapping[str, nn.Module], task: Task) -> Outcome:
    """Time copies of the networks in turn; a failure of one does not stop the others."""
    outcome = Outcome()
    ready: dict[str, tuple[Step, Times]] = {}
    for name, network in networks.items():

        def warm(name: str = name, network: nn.Module = network) -> None:
            ready[name] = _warmed(network, task)

        outcome.guarded(name, warm)
    _timed(ready, task, outcome)
    for name, (step, times) in ready.items():

        def speed(name: str = name, step: Step = step, times: Times = times) -> None:
            outcome.speeds[name] = _speed(step, times, task)

        outcome.guarded(name, speed)
    ready.clear()
    let_go(compiled=task.how.compiled)
    return outcome


def _warmed(network: nn.Module, task: Task) -> tuple[Step, Times]:
    draw = torch.Generator(task.device).manual_seed(0)
    shape = (task.batch_size, task.how.channels, task.size, task.size)
    images = torch.randn(shape, generator=draw, device=task.device)
    step = make_step(network, task.mode, images, task.how)
    return step, warm_up(step.run, task.device)


def _timed(ready: dict[str, tuple[Step, Times]], task: Task, outcome: Outcome) -> None:
    """Time the warmed-up networks; if memory runs out in this phase, none of them gets a speed."""
    runs = {name: (step.run, times) for name, (step, times) in ready.items()}
    before = len(outcome.failures)
    outcome.guarded("", lambda: take_turns(runs, task.device, task.how))
    if len(outcome.failures) > before:
        words = outcome.failures.pop("")
        outcome.failures.update(dict.fromkeys(ready, words))
        ready.clear()


def _speed(step: Step, times: Times, task: Task) -> Speed:
    return Speed(
        latency_ms=Spread.of([1e3 * seconds for seconds in times.step]),
        throughput=Spread.of([task.batch_size / seconds for seconds in times.block]),
        first_step_s=times.first,
        memory_bytes=memory_of(step, task.device),
    )
