"""Random numbers for the images of a batch, whoever holds which of them."""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class Draw:
    """Draws a number for every image of a batch, and gives those of the images that are here.

    So processes that share a batch draw what one process alone would draw. The numbers lie on the
    CPU: they are few, and the same for every device.

    Attributes:
        generator: drawn from in the order of the calls.
        count: images of the whole batch.
        rows: those that are here, (K,); None for all.
    """

    generator: Generator
    count: int
    rows: Tensor | None = None

    @property
    def whole(self) -> Draw:
        """The same for the whole batch."""
        return replace(self, rows=None)

    def here(self, values: Tensor) -> Tensor:
        """Of values (..., count) those of the images that are here, (..., K)."""
        return values if self.rows is None else values[..., self.rows]

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Float64 (*shape, K), from `low` up to `high`."""
        drawn = torch.rand((*shape, self.count), generator=self.generator, dtype=torch.float64)
        return low + (high - low) * self.here(drawn)

    def normal(self) -> Tensor:
        """Float64 (K,), of mean 0 and spread 1."""
        return self.here(torch.randn(self.count, generator=self.generator, dtype=torch.float64))

    def integers(self, bound: int, *shape: int) -> Tensor:
        """Int64 (*shape, K), from 0 to `bound` - 1."""
        return self.here(torch.randint(bound, (*shape, self.count), generator=self.generator))

    def chance(self, probability: float) -> Tensor:
        """Bool (K,), true with this probability."""
        return self.uniform() < probability
