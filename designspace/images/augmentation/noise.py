"""Normal noise as a function of what it is for, without a generator: a counter-based hash.

A generator gives its numbers one after the other, so that a process would have to make the noise of
all images in order to know that of its own. Here element n of an image is `normal(hash(key, n))`:
each can be computed alone, on any device, by any process. Philox, which torch has on GPUs, is the
best known of these, but each of its operations would be a launch here.

    >>> rows = np.arange(4)
    >>> alone = keys(7, np.array([2]))
    >>> bool(keys(7, rows)[2] == alone[0])  # image 2 has its key, whoever else is in the batch
    True
    >>> pixels = torch.from_numpy(forward(alone.repeat(5), np.arange(5)))  # its first five pixels
    >>> last = torch.from_numpy(forward(alone, np.array([4])))
    >>> bool(normal(pixels)[4] == normal(last)[0])  # the fifth one alone
    True

Keys are few, made on the CPU, by SplitMix64 (Steele, Lea and Flood, OOPSLA 2014; doi
10.1145/2660193.2660195): it walks through the 64-bit numbers in steps of an odd constant, and mixes
each thoroughly. The counters of a key go on in the same steps. They are mixed by x (2 x + 1), the
permutation of the cipher RC6 (Rivest et al., 1998), whose upper bits depend on all bits of x; then
the upper half is folded onto the lower one, and the permutation follows once more. That is four
operations. Torch has no unsigned numbers of 64 bits on all devices: products of signed ones wrap
alike, and of the shift, which repeats the sign, one bit is lost.

The mixed number, as a fraction from -1 to 1, becomes normal by the inverse of the error function.
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
"""From one counter to the next, as a signed number."""
CHANNEL = STEP << 32
"""From one channel to the next: 2**32 counters."""
FRACTION = (1 - 2**-24) / 2**63
"""To the largest float32 below 1, whose noise is finite."""


def keys(key: int, *parts: NDArray[np.int64]) -> NDArray[np.int64]:
    """A place to begin at for each combination of numbers, int64 (K,); SplitMix64 as published.

    Args:
        key: of the whole batch.
        parts: numbers from 0 on, such as an image's row in the batch, (K,) each.
    """
    state = np.full(np.broadcast_shapes(*(part.shape for part in parts)), key, dtype=np.uint64)
    for part in parts:
        state += (part.astype(np.uint64) + np.uint64(1)) * np.uint64(STEP % 2**64)
        for fold, factor in zip(FOLDS, (*MIX, 1), strict=True):
            state = (state ^ (state >> np.uint64(fold))) * np.uint64(factor)
    return state.view(np.int64)


def forward(keys: NDArray[np.int64], steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Keys some steps later, or earlier, int64 (K,)."""
    return keys + steps * np.int64(STEP)


@lru_cache(maxsize=32)
def channel_keys(channels: int, device: torch.device) -> Tensor:
    """What to add to a pixel's counter for each channel, int64 (C,); not to be changed."""
    return torch.arange(channels, device=device) * signed(CHANNEL)


def normal(counters: Tensor) -> Tensor:
    """Float32 noise of mean 0 and spread 1, from counters: keys plus multiples of `STEP`.

    Args:
        counters: int64 of any shape.
    """
    mixed = torch.addcmul(counters, counters, counters, value=2)
    mixed ^= mixed >> 32
    mixed.addcmul_(mixed, mixed, value=2)
    return mixed.mul(FRACTION).erfinv_().mul_(math.sqrt(2))


def signed(number: int) -> int:
    """The number of 64 bits, with a sign, that has the same bits."""
    return (number + 2**63) % 2**64 - 2**63
