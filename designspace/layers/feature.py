"""The shape of one image's features, standing in for a tensor."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True)
class Feature:
    """Positions, then channels: (56, 56, 96) is a map, (197, 384) are tokens.

    The batch axis is left out. Tensors of tokens and vectors have the same axes behind the batch;
    those of a map are (batch, channels, height, width), as all of torch expects, with the channels
    last in memory, so that norms over channels and pointwise layers need no copy.
    """

    shape: tuple[int, ...]

    @property
    def channels(self) -> int:
        """Size of the last axis."""
        return self.shape[-1]

    @property
    def size(self) -> tuple[int, ...]:
        """All axes but the channels."""
        return self.shape[:-1]

    @property
    def positions(self) -> int:
        """Number of positions, each of which holds `channels` numbers."""
        return prod(self.size)

    @property
    def elements(self) -> int:
        """Numbers held for one image."""
        return prod(self.shape)

    def with_channels(self, channels: int) -> Feature:
        """The same positions with another number of channels."""
        return Feature((*self.size, channels))

    def __add__(self, other: Feature) -> Feature:
        assert self.shape == other.shape, f"cannot add {other.shape} to {self.shape}"
        return self

    def __sub__(self, other: Feature) -> Feature:
        return self + other

    def __mul__(self, other: Feature) -> Feature:
        assert self.channels == other.channels, f"cannot scale {self.shape} by {other.shape}"
        return self


def image(size: int, channels: int = 3) -> Feature:
    """A square input image."""
    return Feature((size, size, channels))
