"""Pooling layers over the positions."""

from __future__ import annotations

from dataclasses import dataclass

from designspace.layers.feature import Feature
from designspace.layers.leaf import MAP, TOKENS, Leaf, sides
from designspace.layers.leaves.convolution import window_steps
from designspace.layers.saved_tensors import INPUT, Saved


@dataclass(frozen=True, slots=True)
class MaxPool(Leaf):
    """The largest value per window and channel.

    Attributes:
        kernel_size: Side of a window.
        stride: Stride in both directions.
        padding: Number of positions added on each side.
    """

    kernel_size: int
    stride: int
    padding: int = 0

    @classmethod
    def cases(cls) -> list[tuple[MaxPool, tuple[Feature, ...]]]:
        """Cover windows that overlap, and windows that do not."""
        return [(cls(3, 2, 1), (MAP,)), (cls(2, 2), (MAP,))]

    def out(self, *xs: Feature) -> Feature:
        """Return (height', width', channels) for (height, width, channels)."""
        (x,) = xs
        size = (window_steps(n, self.kernel_size, self.stride, self.padding) for n in sides(x))
        return Feature((*size, x.channels))

    def saved(self, *xs: Feature) -> Saved:
        """Keep the input, and the index of each largest value, which takes eight bytes."""
        return Saved(input=True, single=2 * self.out(*xs).elements)


@dataclass(frozen=True, slots=True)
class AvgPool(Leaf):
    """The mean per centred window and channel; positions outside the map do not count.

    Attributes:
        kernel_size: Side of a window.
        stride: Stride in both directions.
    """

    kernel_size: int
    stride: int = 1

    @classmethod
    def cases(cls) -> list[tuple[AvgPool, tuple[Feature, ...]]]:
        """Cover layers with and without a stride."""
        return [(cls(3), (MAP,)), (cls(3, 2), (MAP,))]

    def out(self, *xs: Feature) -> Feature:
        """Return (height', width', channels) for (height, width, channels)."""
        (x,) = xs
        pad = self.kernel_size // 2
        size = (window_steps(n, self.kernel_size, self.stride, pad) for n in sides(x))
        return Feature((*size, x.channels))

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Keep the input, as torch does."""
        return INPUT


@dataclass(frozen=True, slots=True)
class GlobalAvgPool(Leaf):
    """The mean over all positions.

    Attributes:
        keep_dims: Whether the axes of the positions stay, with one position: the result can then
            be multiplied with the map or the tokens from which it was computed.
    """

    keep_dims: bool = False

    @classmethod
    def cases(cls) -> list[tuple[GlobalAvgPool, tuple[Feature, ...]]]:
        """Cover maps and tokens, with and without `keep_dims`."""
        return [(cls(keep), (x,)) for x in (MAP, TOKENS) for keep in (False, True)]

    def out(self, *xs: Feature) -> Feature:
        """Return (channels,), or (1, ..., channels) with `keep_dims`, for (..., channels)."""
        (x,) = xs
        return Feature((*(1 for _ in x.size if self.keep_dims), x.channels))
