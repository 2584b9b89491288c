"""Random streams that depend on nothing but what they are for.

Every stream of an epoch is made anew from (seed, epoch). So a resumed run needs no generator states
to go on as if it had never stopped.
"""

# Torch and timm leave some types unknown.
# pyright: reportUnknownMemberType=false

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
    """Seeds the global streams of Python, NumPy and torch: timm's augmentation draws from them."""
    random.seed(derive("python", *parts))
    np.random.seed(derive("numpy", *parts) % 2**32)
    torch.manual_seed(derive("torch", *parts))


def generator(*parts: int | str) -> torch.Generator:
    """A generator of its own on the CPU, so that a run draws the same on every device."""
    return torch.Generator().manual_seed(derive(*parts))
