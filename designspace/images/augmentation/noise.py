"""Normal noise from a counter-based hash, without a generator.

A generator gives its numbers one after the other, so that a process would have to make the noise of
all images to know that of its own. Here element n of an image is `normal(hash(key, n))`: each
element can be computed on its own, on any device, by any process. Philox, which torch uses on GPUs,
is the best known hash of this kind, but here each of its operations would be a launch.

    >>> rows = np.arange(4)
    >>> alone = keys(7, np.array([2]))
    >>> bool(keys(7, rows)[2] == alone[0])  # image 2 has its key, whoever else is in the batch
    True
    >>> pixels = torch.from_numpy(forward(alone.repeat(5), np.arange(5)))  # its first five pixels
    >>> last = torch.from_numpy(forward(alone, np.array([4])))
    >>> bool(normal(pixels)[4] == normal(last)[0])  # the fifth one alone
    True

Keys are few. They are made on the CPU by SplitMix64 (Steele, Lea and Flood, OOPSLA 2014; doi
10.1145/2660193.2660195), which walks through the 64-bit numbers in steps of an odd constant and
mixes each of them thoroughly. The counters of a key continue in the same steps. They are mixed by
x (2 x + 1), the permutation of the cipher RC6 (Rivest et al., 1998), whose upper bits depend on all
bits of x. Then the upper half is folded onto the lower one, and the permutation is applied once
more. These are four operations. Torch does not have unsigned 64-bit numbers on all devices.
Products of signed numbers wrap in the same way, and the shift, which repeats the sign, loses one
bit.

The mixed number becomes a fraction from -1 to 1, and the inverse error function makes it normal.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MIX = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
FOLDS = (30, 27, 31)
STEP = 0x9E3779B97F4A7C15 - 2**64
"""Distance from one counter to the next, as a signed number."""
CHANNEL = STEP << 32
"""Distance from one channel to the next: 2**32 counters."""
FRACTION = (1 - 2**-24) / 2**63
"""Factor to fractions of at most the largest float32 below 1, for which the noise is finite."""


def keys(key: int, *parts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first counter of each combination of numbers, int64 (K,).

    The hash is SplitMix64 as published.

    Args:
        key: Key of the whole batch.
        parts: Numbers from 0 on, such as an image's row in the batch, (K,) each.
    """
    state = np.full(np.broadcast_shapes(*(part.shape for part in parts)), key, dtype=np.uint64)
    for part in parts:
        state += (part.astype(np.uint64) + np.uint64(1)) * np.uint64(STEP % 2**64)
        for fold, factor in zip(FOLDS, (*MIX, 1), strict=True):
            state = (state ^ (state >> np.uint64(fold))) * np.uint64(factor)
    return state.view(np.int64)


def forward(keys: NDArray[np.int64], steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return keys that are moved forward by a number of steps, or back, int64 (K,)."""
    return keys + steps * np.int64(STEP)


@lru_cache(maxsize=32)
def channel_keys(channels: int, device: torch.device) -> Tensor:
    """Return the summand to a pixel's counter per channel, int64 (C,).

    The result is cached: do not change it in place.
    """
    return torch.arange(channels, device=device) * signed(CHANNEL)


def normal(counters: Tensor) -> Tensor:
    """Return noise of mean 0 and standard deviation 1, float32 of the shape of the counters.

    Args:
        counters: Keys plus multiples of `STEP`, int64 of any shape.
    """
    mixed = torch.addcmul(counters, counters, counters, value=2)
    mixed ^= mixed >> 32
    mixed.addcmul_(mixed, mixed, value=2)
    return mixed.mul(FRACTION).erfinv_().mul_(math.sqrt(2))


def signed(number: int) -> int:
    """Return the signed 64-bit number that has the same bits."""
    return (number + 2**63) % 2**64 - 2**63
