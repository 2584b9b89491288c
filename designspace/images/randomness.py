"""Random streams that depend only on their purpose.

Every stream of a step is derived anew from (seed, epoch, step). So a run that is resumed inside an
epoch needs no generator states to continue as if it had never stopped: step 7 of epoch 3 of seed 0
draws from `derive("torch", "step", 0, 3, 7)`, whether or not this process ran step 6. The derived
seed is the start of a SHA-256 digest, so that the streams of neighbouring steps are unrelated.
"""

from __future__ import annotations

import hashlib
import random

import numpy as np
import torch


def derive(*parts: int | str) -> int:
    """Derive a seed of 63 bits from the purpose of a stream.

    Args:
        parts: Words and numbers that identify the stream, such as ("torch", "step", 0, 3, 7).
    """
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def seed_everything(*parts: int | str) -> None:
    """Seed the global streams of Python, NumPy and torch."""
    random.seed(derive("python", *parts))
    np.random.seed(derive("numpy", *parts) % 2**32)
    torch.manual_seed(derive("torch", *parts))


def seed_step(seed: int, epoch: int, step: int, *, rank: int) -> None:
    """Seed the global streams for one step of training.

    The stream of NumPy, from which timm's mixing draws, is the same in all processes, so that they
    mix alike. The stream of torch, from which dropout and drop path draw, differs per process.
    """
    parts: tuple[int | str, ...] = ("step", seed, epoch, step)
    random.seed(derive("python", *parts))
    np.random.seed(derive("numpy", *parts) % 2**32)
    _seed_torch(derive("torch", *parts, rank) if rank else derive("torch", *parts))


def _seed_torch(seed: int) -> None:
    """Seed torch's streams on the CPU and on the GPUs that this process uses.

    `torch.manual_seed` gives the same numbers. But it also queues the seed, with a formatted
    traceback, for each kind of device that is not in use yet. For a small network, this takes
    longer than the moving average and the clipping.
    """
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)


def generator(*parts: int | str) -> torch.Generator:
    """Return a separate generator on the CPU, so that a run draws the same on every device."""
    return torch.Generator().manual_seed(derive(*parts))
