"""Random streams that depend on nothing but what they are for.

Every stream of a step is made anew from (seed, epoch, step). So a run that is resumed inside an
epoch needs no generator states to go on as if it had never stopped: step 7 of epoch 3 of seed 0
draws from `derive("torch", "step", 0, 3, 7)`, whether or not this process ran step 6. The seed is
the start of a SHA-256 digest, so that neighbouring steps have streams that are unrelated.
"""

from __future__ import annotations

import hashlib
import random

import numpy as np
import torch


def derive(*parts: int | str) -> int:
    """A seed of 63 bits from what it is for."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def seed_everything(*parts: int | str) -> None:
    """Seeds the global streams of Python, NumPy and torch."""
    random.seed(derive("python", *parts))
    np.random.seed(derive("numpy", *parts) % 2**32)
    torch.manual_seed(derive("torch", *parts))


def seed_step(seed: int, epoch: int, step: int, *, rank: int) -> None:
    """Seed the global streams for one step of training.

    NumPy's, from which timm's mixing draws, is one for all processes, which mix alike; torch's, for
    what is dropped, is each process's own.
    """
    parts: tuple[int | str, ...] = ("step", seed, epoch, step)
    random.seed(derive("python", *parts))
    np.random.seed(derive("numpy", *parts) % 2**32)
    _seed_torch(derive("torch", *parts, rank) if rank else derive("torch", *parts))


def _seed_torch(seed: int) -> None:
    """Seed torch's streams on the CPU and on the GPUs that this process uses.

    `torch.manual_seed` gives the same numbers. It also queues the seed for each kind of device that
    has not been used yet, together with a formatted traceback, which takes longer than the moving
    average and the clipping of a small network.
    """
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)


def generator(*parts: int | str) -> torch.Generator:
    """A generator of its own on the CPU, so that a run draws the same on every device."""
    return torch.Generator().manual_seed(derive(*parts))
