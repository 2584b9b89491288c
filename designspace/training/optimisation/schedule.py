"""The learning rate as a function of the step; the rates equal timm's to the bit.

timm's own schedulers would import all of timm and torchvision, which takes seconds in every worker.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable

from torch.optim import Optimizer

from designspace.spec.recipe.recipe import Recipe
from designspace.spec.recipe.schedules import Cosine, Steps

Curve = Callable[[float, int], float]
"""Rate of a group of parameters, from its peak rate and the step."""


class Schedule:
    """A schedule that sets the rates of an optimizer's groups, without state between steps."""

    def __init__(self, optimizer: Optimizer, curve: Curve, warmup: int, first: float) -> None:
        """Set the rates of the first step: `first`, or the peaks if there is no warm-up.

        Args:
            optimizer: Optimizer whose rates are set.
            curve: Rate after the warm-up.
            warmup: Number of steps in which the rate rises to its peak.
            first: Rate at which the warm-up begins.
        """
        self._optimizer, self._curve = optimizer, curve
        self._warmup, self._first = warmup, first
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self._peaks = [float(group["initial_lr"]) for group in optimizer.param_groups]
        self._set([first if warmup else peak for peak in self._peaks])

    def step_update(self, step: int) -> None:
        """Set the rates of a step; the first step is 0."""
        self._set([self._rate(peak, step) for peak in self._peaks])

    def _rate(self, peak: float, step: int) -> float:
        if step < self._warmup:
            return self._first + step * ((peak - self._first) / self._warmup)
        return self._curve(peak, step)

    def _set(self, rates: list[float]) -> None:
        for group, rate in zip(self._optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * group["lr_scale"] if "lr_scale" in group else rate


def make_schedule(optimizer: Optimizer, recipe: Recipe, steps_per_epoch: int) -> Schedule:
    """Build the schedule of a recipe; its `step_update(step)` sets the rate.

    A cosine spans the steps after the warm-up, as in the code of the ConvNeXt paper.
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
    """Return half a cosine over `length` steps after the warm-up, then the lowest rate."""

    def rate(peak: float, step: int) -> float:
        at = step - warmup
        if at >= length:
            return lowest
        return lowest + 0.5 * (peak - lowest) * (1 + math.cos(math.pi * at / length))

    return rate


def _steps(milestones: list[int], factor: float) -> Curve:
    """Return a curve that multiplies the peak by `factor` at each milestone."""

    def rate(peak: float, step: int) -> float:
        return peak * factor ** bisect_right(milestones, step)

    return rate
