"""A training that went wrong: where, and what the likely cause is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from designspace.errors import DivergedError

CHECK_EVERY = 16
"""Steps between looks at the losses: each look waits for a GPU."""
RISEN = 3.0
"""By what factor the loss has risen over its least where the steps were too long."""


def check(losses: Sequence[Tensor], epoch: int, lr: float) -> None:
    """See that the latest losses are finite.

    Args:
        losses: Of the epoch's steps so far, mean over the processes, so that all of them agree.
        epoch: Its number.
        lr: Of the latest step.

    Raises:
        DivergedError: Naming the first step at which one is not.
    """
    latest = torch.stack(list(losses[-CHECK_EVERY:]))
    broken = latest.isfinite().logical_not()
    if bool(broken.any()):
        first = len(losses) - len(latest) + int(broken.nonzero()[0])
        raise DivergedError(epoch, first + 1, lr, cause([float(x) for x in losses[:first]]))


def cause(before: Sequence[float]) -> str:
    """What the losses before the first that is not finite tell."""
    finite = [loss for loss in before if math.isfinite(loss)]
    if not finite:
        return (
            "the first loss of the epoch already: the weights were no longer finite, "
            "or an image is not; try a lower lr, a longer warm-up or grad_clip"
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
