"""Normal noise as a function of what it is for, without a generator: a counter-based hash.

A generator gives its numbers one after the other, so that a process would have to make the noise of
all images in order to know that of its own. Here element n of an image is `normal(hash(key, n))`:
each can be computed alone, on any device, by any process. Philox, which torch has on GPUs, is the
best known of these; this one is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014; doi
10.1145/2660193.2660195), which needs a tenth of its operations. It walks through the 64-bit numbers
in steps of an odd constant, and mixes each: a shift and an exclusive or fold the upper bits into
the lower ones, and a product carries the lower ones into the upper ones, twice.

Torch has no unsigned numbers of 64 bits on all devices. Products of signed ones wrap alike, but a
shift to the right repeats the sign, so that a fold sets the sign to 0: one bit is lost at each of
the three. The two uniform numbers of 24 bits that Box and Muller's formula needs are taken from the
ends of the 63 that remain.
"""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

STEP = 0x9E3779B97F4A7C15
MIX = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
FOLDS = (30, 27, 31)
BITS = 24
"""Bits of a uniform number: those that float32 holds exactly."""


def keys(key: int, *parts: NDArray[np.int64]) -> NDArray[np.int64]:
    """A place to begin at for each combination of numbers, int64 (K,); SplitMix64 as published.

    Args:
        key: of the whole batch.
        parts: numbers from 0 on, such as an image's row in the batch, (K,) each.
    """
    state = np.full(np.broadcast_shapes(*(part.shape for part in parts)), key, dtype=np.uint64)
    for part in parts:
        state += (part.astype(np.uint64) + np.uint64(1)) * np.uint64(STEP)
        for fold, factor in zip(FOLDS, (*MIX, 1), strict=True):
            state = (state ^ (state >> np.uint64(fold))) * np.uint64(factor)
    return state.view(np.int64)


def advance(count: int) -> int:
    """What to add to a key for `count` steps, as a signed number of 64 bits."""
    return _signed(count * STEP)


def normal(counters: Tensor) -> Tensor:
    """Float32 noise of mean 0 and spread 1, from counters: keys plus multiples of `advance(1)`.

    Args:
        counters: int64 of any shape; overwritten.
    """
    mixed = counters
    for fold, factor in zip(FOLDS, MIX, strict=False):
        mixed ^= mixed >> fold
        mixed *= _signed(factor)
    mixed ^= mixed >> FOLDS[-1]
    # Uniform in (0, 1], written as 1 - u, and an angle.
    radius = (mixed >> 63 - BITS).mul(-(2.0**-BITS)).log1p_().mul_(-2).sqrt_()
    return (mixed & 2**BITS - 1).mul(2 * math.pi * 2.0**-BITS).cos_().mul_(radius)


def _signed(number: int) -> int:
    number %= 2**64
    return number - 2**64 if number >= 2**63 else number
