"""Bound how far the host runs ahead of a GPU.

Launching is asynchronous: without a bound, a loop that never waits keeps every batch that it has
launched in pinned and in GPU memory until the GPU has worked it off. Two batches in the queue are
enough to keep the GPU busy.
"""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import torch

from designspace.images.batches import Batch

QUEUED = 2
"""Batches whose work may be unfinished while the next one is prepared."""


def paced(batches: Iterable[Batch], device: torch.device) -> Iterator[Batch]:
    """The same batches; on a GPU, wait for the work of all but the last `QUEUED` of them."""
    if device.type != "cuda":
        yield from batches
        return
    launched: deque[torch.cuda.Event] = deque()
    for batch in batches:
        yield batch
        event = torch.cuda.Event(blocking=True)
        event.record(torch.cuda.current_stream(device))
        launched.append(event)
        if len(launched) > QUEUED:
            launched.popleft().synchronize()
