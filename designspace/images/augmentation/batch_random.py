"""Random numbers for the images of a batch, whoever holds which of them.

Augmentation is keyed by place: what happens to an image depends on the seed, the epoch, the step
and its row in the batch, and on nothing else. So one process alone, four that share the batch, and
a batch that is accumulated in parts all train on the same pixels.

Each call draws a number for every image of the whole batch, on the CPU, and gives those of the rows
that are here. For a batch of 4 where this process holds rows 2 and 3, `uniform()` draws four
numbers (a, b, c, d) and gives (c, d); the process with rows 0 and 1 draws the same four from the
same seed, and gives (a, b). The parts of an accumulated batch come one after the other: the first
part to ask draws the numbers, and the next one recalls them. Where images need more numbers than
can be drawn for all (noise per pixel), `key()` gives one number for the batch, from which
`noise.py` computes each element alone.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from designspace.images.augmentation.parcel import Parcel


class Draw:
    """Draws a number for every image of a batch, and gives those of the images that are here.

    So processes that share a batch draw what one process alone would draw, and so do the parts of a
    batch that is accumulated. The numbers lie on the CPU: they are few, and the same for every
    device. Those that an operator needs on the images' device travel in the draw's parcel.

    Args:
        generator: drawn from in the order of the calls.
        count: images of the whole batch.
        rows: those that are here, (K,); None for all.

    Attributes:
        count: images of the whole batch.
        rows: those that are here, (K,); None for all.
        parcel: carries numbers to the device.
    """

    def __init__(self, generator: Generator, count: int, rows: Tensor | None = None) -> None:
        self.count, self.rows, self.parcel = count, rows, Parcel()
        self._generator, self._drawn, self._next = generator, list[Tensor](), 0

    def part(self, rows: Tensor) -> Draw:
        """The same numbers, from the first one on, of other images of the batch."""
        other = Draw(self._generator, self.count, rows)
        other._drawn = self._drawn
        return other

    @property
    def places(self) -> Tensor:
        """The rows of the whole batch that are here, int64 (K,)."""
        return torch.arange(self.count) if self.rows is None else self.rows

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Float64 (*shape, K), from `low` up to `high`."""
        size = (*shape, self.count)
        drawn = self._recall(
            lambda: torch.rand(size, generator=self._generator, dtype=torch.float64)
        )
        return low + (high - low) * self._here(drawn)

    def normal(self) -> Tensor:
        """Float64 (K,), of mean 0 and spread 1."""
        return self._here(
            self._recall(
                lambda: torch.randn(self.count, generator=self._generator, dtype=torch.float64)
            )
        )

    def integers(self, bound: int, *shape: int) -> Tensor:
        """Int64 (*shape, K), from 0 to `bound` - 1."""
        size = (*shape, self.count)
        return self._here(
            self._recall(lambda: torch.randint(bound, size, generator=self._generator))
        )

    def chance(self, probability: float) -> Tensor:
        """Bool (K,), true with this probability."""
        return self.uniform() < probability

    def key(self) -> int:
        """A number of 62 bits, one for the whole batch."""
        return int(self._recall(lambda: torch.randint(2**62, (), generator=self._generator)))

    def _here(self, values: Tensor) -> Tensor:
        """Of values (..., count) those of the images that are here, (..., K)."""
        return values if self.rows is None else values[..., self.rows]

    def _recall(self, draw: Callable[[], Tensor]) -> Tensor:
        """The next numbers, drawn unless another part of the batch drew them before."""
        if self._next == len(self._drawn):
            self._drawn.append(draw())
        self._next += 1
        return self._drawn[self._next - 1]
