"""Random numbers for the images of a batch, whichever process or part holds them.

The augmentation of an image depends only on the seed, the epoch, the step and the image's row in
the batch. So one process alone, four processes that share the batch, and a batch that is
accumulated in parts all train on the same pixels.

Each call draws a number for every image of the whole batch, on the CPU, and returns those of the
local rows. For example, in a batch of 4 of which this process holds rows 2 and 3, `uniform()` draws
four numbers (a, b, c, d) and returns (c, d). The process with rows 0 and 1 draws the same four from
the same seed and returns (a, b). The parts of an accumulated batch come one after the other: the
first part that asks draws the numbers, and the next part recalls them. If images need too many
numbers to draw all of them (noise per pixel), `key()` returns one number for the batch, from which
`noise.py` computes each element on its own.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from designspace.images.augmentation.parcel import Parcel


class Draw:
    """A source of random numbers that draws for the whole batch and returns those of local images.

    So processes that share a batch draw the same numbers as one process alone, and so do the parts
    of an accumulated batch. The numbers are on the CPU: they are few, and the same for every
    device. Numbers that an operator needs on the images' device travel in the draw's parcel.

    Args:
        generator: Generator, used in the order of the calls.
        count: Number of images in the whole batch.
        rows: Rows of the local images, (K,); None for all.

    Attributes:
        count: Number of images in the whole batch.
        rows: Rows of the local images, (K,); None for all.
        parcel: Parcel that carries numbers to the device.
    """

    def __init__(self, generator: Generator, count: int, rows: Tensor | None = None) -> None:
        self.count, self.rows, self.parcel = count, rows, Parcel()
        self._generator, self._drawn, self._next = generator, list[Tensor](), 0

    def part(self, rows: Tensor) -> Draw:
        """Return a draw that repeats the same numbers from the start, for other rows."""
        other = Draw(self._generator, self.count, rows)
        other._drawn = self._drawn
        return other

    @property
    def places(self) -> Tensor:
        """Rows of the local images in the whole batch, int64 (K,)."""
        return torch.arange(self.count) if self.rows is None else self.rows

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Draw uniform numbers from `low` up to `high`, float64 (*shape, K)."""
        size = (*shape, self.count)
        drawn = self._recall(
            lambda: torch.rand(size, generator=self._generator, dtype=torch.float64)
        )
        return low + (high - low) * self._here(drawn)

    def normal(self) -> Tensor:
        """Draw normal numbers of mean 0 and standard deviation 1, float64 (K,)."""
        return self._here(
            self._recall(
                lambda: torch.randn(self.count, generator=self._generator, dtype=torch.float64)
            )
        )

    def integers(self, bound: int, *shape: int) -> Tensor:
        """Draw whole numbers from 0 to `bound` - 1, int64 (*shape, K)."""
        size = (*shape, self.count)
        return self._here(
            self._recall(lambda: torch.randint(bound, size, generator=self._generator))
        )

    def chance(self, probability: float) -> Tensor:
        """Draw booleans that are true with this probability, (K,)."""
        return self.uniform() < probability

    def key(self) -> int:
        """Draw one number of 62 bits for the whole batch."""
        return int(self._recall(lambda: torch.randint(2**62, (), generator=self._generator)))

    def _here(self, values: Tensor) -> Tensor:
        """Select the values of the local images, (..., K), from those of all, (..., count)."""
        return values if self.rows is None else values[..., self.rows]

    def _recall(self, draw: Callable[[], Tensor]) -> Tensor:
        """Return the next numbers; draw them unless another part of the batch did so before."""
        if self._next == len(self._drawn):
            self._drawn.append(draw())
        self._next += 1
        return self._drawn[self._next - 1]
