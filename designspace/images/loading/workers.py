"""The number of processes that read images, and of batches that they keep ready."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch

from designspace.errors import InputError

SHARED = Path("/dev/shm")
"""Directory in which worker processes put their batches, on Linux."""
BUDGET = 512 << 20
"""Size of the batches that all workers of a process together keep ready [bytes]."""
PREFETCH, MOST = 4, 8
"""Maximal number of batches that a worker keeps ready, and of workers that a process starts."""
SPARE = 0.9
"""Share of the free shared memory that may be used."""


@dataclass(frozen=True)
class Loading:
    """Settings for reading images on this machine; they only change the speed of a run.

    Attributes:
        workers: Number of processes that read; 0 to read in the training process.
        prefetch: Number of batches that each worker keeps ready.
        note: Reason why there are fewer workers than intended; None if there are not.
    """

    workers: int
    prefetch: int = PREFETCH
    note: str | None = None


def loading(batch_bytes: int = 0) -> Loading:
    """Choose the number of workers and of batches that they keep ready.

    There are as many workers as this process has threads, at most one per core and at most 8, or as
    many as `$DESIGNSPACE_WORKERS` states. A trial has the threads of its study. The processes of
    a distributed run share the cores, because torchrun sets their threads to 1. Together, the ready
    batches take at most 512 MiB, unless one batch per worker takes more, and at most the free
    shared memory.

    Args:
        batch_bytes: Size of one batch; 0 if it is not known [bytes].

    Raises:
        InputError: `$DESIGNSPACE_WORKERS` is not a number.
    """
    workers = _workers()
    if not workers or not batch_bytes:
        return Loading(workers)
    prefetch = max(1, min(PREFETCH, BUDGET // (workers * batch_bytes)))
    # In addition to the ready batches, one is in use or on its way to pinned memory.
    fitting = int(_shared_bytes() * SPARE / batch_bytes) - 1
    if fitting >= workers * prefetch:
        return Loading(workers, prefetch)
    fewer = max(0, min(workers, fitting))
    if fewer == workers:
        return Loading(workers, fitting // workers)
    return Loading(fewer, 1, _too_small(workers, fewer, batch_bytes))


def _too_small(workers: int, fewer: int, batch_bytes: int) -> str:
    free, wanted = _shared_bytes() / 2**20, (workers + 1) * batch_bytes / SPARE / 2**20
    processes = "1 process reads" if fewer == 1 else f"{fewer} processes read"
    who = f"{processes} images instead of {workers}" if fewer else "no process reads images ahead"
    return (
        f"{who}: {SHARED} has {free:,.0f} MB free and {wanted:,.0f} MB are needed "
        "(a container gets more with --shm-size or --ipc=host)"
    )


def _workers() -> int:
    given = os.environ.get("DESIGNSPACE_WORKERS")
    if given is not None:
        if not given.isdigit():
            raise InputError(f"must be a number (got '{given}')", path="$DESIGNSPACE_WORKERS")
        return int(given)
    free = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    sharing = os.environ.get("LOCAL_WORLD_SIZE")
    if sharing is not None:
        return max(1, min(MOST, (free or 1) // int(sharing)))
    return max(1, min(MOST, free or 1, torch.get_num_threads()))


def _shared_bytes() -> float:
    """Return the free bytes in the workers' directory; infinity if there is no such directory."""
    return shutil.disk_usage(SHARED).free if SHARED.is_dir() else float("inf")
