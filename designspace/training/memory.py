"""The most memory that a training took."""

from __future__ import annotations

import sys

import torch


def reset_peak(device: torch.device) -> None:
    """Begin to measure, where that can be begun."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory(device: torch.device) -> int | None:
    """Bytes: of the GPU's allocator since `reset_peak`; on a CPU of the process since it began.

    None for a CPU under Windows, which keeps no such figure where Python can read it.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return None
    import resource  # which Windows does not have

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
