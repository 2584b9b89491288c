"""The learning rate as a function of the step; the rates are timm's to the bit.

timm's own schedulers would import all of timm and torchvision, seconds in every worker.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable

from torch.optim import Optimizer

from designspace.spec.recipe.recipe import Recipe
from designspace.spec.recipe.schedules import Cosine, Steps

Curve = Callable[[float, int], float]
"""The rate at a step, from the peak that a group of parameters has."""


class Schedule:
    """Sets the rate of an optimizer's groups; it keeps nothing between two steps."""

    def __init__(self, optimizer: Optimizer, curve: Curve, warmup: int, first: float) -> None:
        """Begin at `first`, from which the rate rises to its peak in `warmup` steps."""
        self._optimizer, self._curve = optimizer, curve
        self._warmup, self._first = warmup, first
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self._peaks = [float(group["initial_lr"]) for group in optimizer.param_groups]
        self._set([first if warmup else peak for peak in self._peaks])

    def step_update(self, step: int) -> None:
        """Set the rates of a step, counted from 0."""
        self._set([self._rate(peak, step) for peak in self._peaks])

    def _rate(self, peak: float, step: int) -> float:
        if step < self._warmup:
            return self._first + step * ((peak - self._first) / self._warmup)
        return self._curve(peak, step)

    def _set(self, rates: list[float]) -> None:
        for group, rate in zip(self._optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * group["lr_scale"] if "lr_scale" in group else rate


def make_schedule(optimizer: Optimizer, recipe: Recipe, steps_per_epoch: int) -> Schedule:
    """The schedule of a recipe: `schedule.step_update(step)` sets the rate.

    A cosine spans what the warm-up leaves of the run, as in the paper's code.
    """
    stated = recipe.schedule
    warmup = round(stated.warmup_epochs * steps_per_epoch)
    match stated:
        case Cosine():
            left = max(recipe.epochs * steps_per_epoch - warmup, 1)
            curve = _cosine(left, warmup, stated.min_lr)
        case Steps():
            curve = _steps([epoch * steps_per_epoch for epoch in stated.milestones], stated.factor)
        case _:
            raise AssertionError(f"no lowering for {type(stated).__name__}")
    return Schedule(optimizer, curve, warmup, stated.warmup_lr)


def _cosine(length: int, warmup: int, lowest: float) -> Curve:
    """Half a cosine over `length` steps after the warm-up, and the lowest rate from then on."""

    def rate(peak: float, step: int) -> float:
        at = step - warmup
        if at >= length:
            return lowest
        return lowest + 0.5 * (peak - lowest) * (1 + math.cos(math.pi * at / length))

    return rate


def _steps(milestones: list[int], factor: float) -> Curve:
    """The peak times `factor` for each milestone that was reached."""

    def rate(peak: float, step: int) -> float:
        return peak * factor ** bisect_right(milestones, step)

    return rate
