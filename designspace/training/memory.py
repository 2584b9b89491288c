"""Peak memory of a training."""

from __future__ import annotations

import sys

import torch


def reset_peak(device: torch.device) -> None:
    """Restart the measurement on a GPU; on a CPU it cannot be restarted."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory(device: torch.device) -> int | None:
    """Return the peak memory in bytes.

    On a GPU this is the peak of torch's allocator since `reset_peak`; on a CPU it is the peak of
    the process since it began.

    Returns:
        None on a CPU under Windows, where Python cannot read this figure.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return None
    import resource  # Windows does not have it

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
