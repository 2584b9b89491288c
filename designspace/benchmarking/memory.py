"""The peak memory of a step, as torch's own allocator counts it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import accumulate
from typing import Any, cast

import torch
from torch.autograd import profiler

from designspace.benchmarking.steps import Step

HOW = {
    "cuda": "held tensors + torch.cuda.max_memory_allocated during one step",
    "cpu": "held tensors + the peak of torch's CPU allocations during one step (profiler events); "
    "scratch memory that libraries take past torch's allocator is not in it",
}


def memory_of(step: Step, device: torch.device) -> int:
    """Return the bytes held between steps plus the most that one more step adds."""
    step.module.zero_grad(set_to_none=True)
    kept = {tensor.untyped_storage().data_ptr(): tensor for tensor in step.held()}
    held = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
    added = _added_cuda if device.type == "cuda" else _added_cpu
    return held + added(step.run, device)


def _added_cuda(run: Callable[[], None], device: torch.device) -> int:
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    run()
    torch.cuda.synchronize(device)
    return torch.cuda.max_memory_allocated(device) - before


def _added_cpu(run: Callable[[], None], _: torch.device) -> int:
    with _silent(), profiler.profile(profile_memory=True) as seen:
        run()
    events = cast("list[Any]", seen.kineto_results.events())  # pyright: ignore[reportOptionalMemberAccess]
    changes = [event for event in events if event.name() == "[memory]"]
    changes.sort(key=lambda event: event.start_ns())
    return max(accumulate((event.nbytes() for event in changes), initial=0))


@contextmanager
def _silent() -> Generator[None]:
    """Suppress the profiler's own lines, which its C++ code writes directly to standard error."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device, not a path
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
