"""How many processes read images, and how many batches they have ready."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch

from designspace.errors import InputError

SHARED = Path("/dev/shm")
"""Where worker processes put their batches, on Linux."""
BUDGET = 512 << 20
"""Bytes of the batches that the workers of a process have ready, together."""
PREFETCH, MOST = 4, 8
"""Batches that a worker has ready at most, and workers that a process starts at most."""
SPARE = 0.9
"""Share of the free shared memory that may be used."""


@dataclass(frozen=True)
class Loading:
    """How this machine reads: it changes the speed of a run and nothing else.

    Attributes:
        workers: processes that read; 0 to read in the training process.
        prefetch: batches that each has ready.
        note: why there are fewer than were asked for; None where there are not.
    """

    workers: int
    prefetch: int = PREFETCH
    note: str | None = None


def loading(batch_bytes: int = 0) -> Loading:
    """As many workers as this process has threads, at most 8, or `$DESIGNSPACE_WORKERS`.

    A trial has the threads that its study gives it. The processes of a distributed run, whose
    threads torchrun sets to 1, share the cores. The batches that wait together take at most 512 MB,
    but each worker has one, and at most the free shared memory.

    Args:
        batch_bytes: of one batch.

    Raises:
        InputError: `$DESIGNSPACE_WORKERS` is not a number.
    """
    workers = _workers()
    if not workers or not batch_bytes:
        return Loading(workers)
    prefetch = max(1, min(PREFETCH, BUDGET // (workers * batch_bytes)))
    # One more batch is in use, or on its way to pinned memory, than the workers have ready.
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
    """Bytes that are free where workers put their batches; infinite where that is no directory."""
    return shutil.disk_usage(SHARED).free if SHARED.is_dir() else float("inf")
