"""One batch ahead of the step."""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import torch
from torch import Tensor

Batch = tuple[Tensor, Tensor]


def ahead(batches: Iterator[Batch], device: torch.device) -> Iterator[Batch]:
    """The same batches; on a GPU each is copied and augmented while the one before is in use.

    That happens in a stream of its own. On the CPU nothing would be won.
    """
    if device.type != "cuda":
        yield from batches
        return
    side = _side(device)
    upcoming = _next(batches, side)
    while upcoming is not None:
        current = torch.cuda.current_stream(device)
        current.wait_stream(side)
        batch = upcoming
        for tensor in batch:
            # Its memory is not given away before the step's stream is done with it.
            tensor.record_stream(current)
        upcoming = _next(batches, side)
        yield batch


@cache
def _side(device: torch.device) -> torch.cuda.Stream:
    """One for all epochs: memory that was freed in a stream serves that stream alone."""
    return torch.cuda.Stream(device)


def _next(batches: Iterator[Batch], side: torch.cuda.Stream) -> Batch | None:
    with torch.cuda.stream(side):
        return next(batches, None)
