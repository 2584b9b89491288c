"""Prefetching of one batch ahead of the step.

On a GPU the next batch is copied and augmented in a separate stream, beside the step. Each stream
waits for the other: step n waits for batch n, and the work on batch n + 1 waits for step n - 1. The
second wait bounds the memory. When the step releases a batch, its memory returns at once to the
pool of the side stream, and whatever overwrites it there runs after the step that read it. So the
memory of two batches is enough for a whole epoch, however far the host runs ahead, and the host
itself never waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import torch
from torch import Tensor

Batch = tuple[Tensor, Tensor]


def ahead(batches: Iterator[Batch], device: torch.device) -> Iterator[Batch]:
    """Yield the same batches; on a GPU, prepare each while the one before is in use."""
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
    """Return the side stream of all epochs: memory freed in a stream only serves that stream."""
    return torch.cuda.Stream(device)


def _next(
    batches: Iterator[Batch], side: torch.cuda.Stream, current: torch.cuda.Stream
) -> Batch | None:
    side.wait_stream(current)
    with torch.cuda.stream(side):
        return next(batches, None)
