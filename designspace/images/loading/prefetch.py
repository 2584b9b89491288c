"""One batch ahead of the step.

On a GPU the next batch is copied and augmented in a stream of its own, beside the step. Each stream
waits for the other at the seam: the step for its batch, and the next batch for the step before the
current one. The second wait is what bounds memory. A batch that was given up goes back to the side
stream's pool at once, and whatever overwrites it there comes after the step that read it; so two
batches serve for a whole epoch, however far the host runs ahead, and the host itself never waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import torch
from torch import Tensor

Batch = tuple[Tensor, Tensor]


def ahead(batches: Iterator[Batch], device: torch.device) -> Iterator[Batch]:
    """The same batches; on a GPU each is copied and augmented while the one before is in use."""
    if device.type != "cuda":
        yield from batches
        return
    side = _side(device)
    upcoming = _next(batches, side, torch.cuda.current_stream(device))
    while upcoming is not None:
        current = torch.cuda.current_stream(device)
        current.wait_stream(side)
        batch = upcoming
        upcoming = _next(batches, side, current)
        yield batch


@cache
def _side(device: torch.device) -> torch.cuda.Stream:
    """One for all epochs: memory that was freed in a stream serves that stream alone."""
    return torch.cuda.Stream(device)


def _next(
    batches: Iterator[Batch], side: torch.cuda.Stream, current: torch.cuda.Stream
) -> Batch | None:
    side.wait_stream(current)
    with torch.cuda.stream(side):
        return next(batches, None)
