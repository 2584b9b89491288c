"""Whole numbers in their order on a device, made once: a launch less each time they are needed."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=32)
def counting(count: int, device: torch.device) -> Tensor:
    """0 to `count` - 1, int64; not to be changed."""
    return torch.arange(count, device=device)
