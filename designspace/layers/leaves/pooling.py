"""Poolings over a map."""

from __future__ import annotations

from dataclasses import dataclass

from designspace.layers.feature import Feature
from designspace.layers.leaf import MAP, TOKENS, Leaf, sides
from designspace.layers.leaves.convolution import window_steps
from designspace.layers.saved_tensors import INPUT, Saved


@dataclass(frozen=True, slots=True)
class MaxPool(Leaf):
    """The largest value of each window and channel."""

    kernel_size: int
    stride: int
    padding: int = 0

    @classmethod
    def cases(cls) -> list[tuple[MaxPool, tuple[Feature, ...]]]:
        """Windows that overlap, and windows that do not."""
        return [(cls(3, 2, 1), (MAP,)), (cls(2, 2), (MAP,))]

    def out(self, *xs: Feature) -> Feature:
        """(height, width, channels) -> (height', width', channels)."""
        (x,) = xs
        size = (window_steps(n, self.kernel_size, self.stride, self.padding) for n in sides(x))
        return Feature((*size, x.channels))

    def saved(self, *xs: Feature) -> Saved:
        """Its input, and where each largest value stood: an index takes eight bytes."""
        return Saved(input=True, single=2 * self.out(*xs).elements)


@dataclass(frozen=True, slots=True)
class AvgPool(Leaf):
    """The mean of each centred window and channel; what lies outside the map is not counted."""

    kernel_size: int
    stride: int = 1

    @classmethod
    def cases(cls) -> list[tuple[AvgPool, tuple[Feature, ...]]]:
        """With a stride and without."""
        return [(cls(3), (MAP,)), (cls(3, 2), (MAP,))]

    def out(self, *xs: Feature) -> Feature:
        """(height, width, channels) -> (height', width', channels)."""
        (x,) = xs
        pad = self.kernel_size // 2
        size = (window_steps(n, self.kernel_size, self.stride, pad) for n in sides(x))
        return Feature((*size, x.channels))

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Its input, as torch does."""
        return INPUT


@dataclass(frozen=True, slots=True)
class GlobalAvgPool(Leaf):
    """The mean over all positions.

    Attributes:
        keep_dims: Whether the positions' axes stay, with one position: the result can then be
            multiplied with the map or the tokens that it was taken of.
    """

    keep_dims: bool = False

    @classmethod
    def cases(cls) -> list[tuple[GlobalAvgPool, tuple[Feature, ...]]]:
        """Of maps and tokens, with their axes and without."""
        return [(cls(keep), (x,)) for x in (MAP, TOKENS) for keep in (False, True)]

    def out(self, *xs: Feature) -> Feature:
        """(..., channels) -> (channels,), or (1, ..., channels)."""
        (x,) = xs
        return Feature((*(1 for _ in x.size if self.keep_dims), x.channels))
