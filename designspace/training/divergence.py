"""Detection of a diverged training: the step at which it failed, and the likely cause."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from designspace.errors import DivergedError

CHECK_EVERY = 16
"""Number of steps between two checks of the losses: each check waits for the GPU."""
RISEN = 3.0
"""Ratio of the last loss to the smallest above which the steps count as too long."""


def check(losses: Sequence[Tensor], epoch: int, lr: float) -> None:
    """Check that the latest losses are finite.

    Args:
        losses: Losses of the epoch's steps so far. They are means over the processes, so that all
            processes agree on the result.
        epoch: Number of the epoch, from 1.
        lr: Learning rate of the latest step.

    Raises:
        DivergedError: A loss is not finite; the error names the first such step.
    """
    latest = torch.stack(list(losses[-CHECK_EVERY:]))
    broken = latest.isfinite().logical_not()
    if bool(broken.any()):
        first = len(losses) - len(latest) + int(broken.nonzero()[0])
        raise DivergedError(epoch, first + 1, lr, cause([float(x) for x in losses[:first]]))


def cause(before: Sequence[float]) -> str:
    """Return the likely cause, judged by the losses before the first that is not finite."""
    finite = [loss for loss in before if math.isfinite(loss)]
    if not finite:
        return (
            "already in the first loss of the epoch: the weights or an image were not "
            "finite; try a lower lr, a longer warm-up or grad_clip"
        )
    if finite[-1] > RISEN * min(finite):
        return (
            f"the loss had risen from {min(finite):.3g} to {finite[-1]:.3g}: the steps were too "
            "long; try a lower lr, a longer warm-up or grad_clip"
        )
    return (
        f"the loss was {finite[-1]:.3g} just before: a single step overflowed; try grad_clip, "
        "precision float32 or a lower lr"
    )
