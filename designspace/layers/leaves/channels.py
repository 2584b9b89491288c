"""Splitting and concatenation of channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from designspace.layers.feature import Feature, ShapeError
from designspace.layers.leaf import MAP, TOKENS, VECTOR, Leaf
from designspace.layers.saved_tensors import Autocast


@dataclass(frozen=True, slots=True)
class TakeChannels(Leaf):
    """A slice of neighbouring channels, the same at every position.

    Attributes:
        first: First channel, counted from 0.
        channels: Number of channels.
    """

    first: int
    channels: int
    is_view: ClassVar[bool] = True

    @classmethod
    def cases(cls) -> list[tuple[TakeChannels, tuple[Feature, ...]]]:
        """Cover slices at the start, in the middle and at the end."""
        return [(cls(first, 8), (x,)) for x in (MAP, TOKENS, VECTOR) for first in (0, 4, 24)]

    def out(self, *xs: Feature) -> Feature:
        """Return (..., channels) for (..., in)."""
        (x,) = xs
        last = self.first + self.channels
        if last > x.channels:
            raise ShapeError(
                f"channels {self.first + 1} to {last} are taken of {x}",
                hint="use a larger width or a smaller ratio",
            )
        return x.with_channels(self.channels)


@dataclass(frozen=True, slots=True)
class Concat(Leaf):
    """The channels of all inputs, one after the other; all inputs have the same positions."""

    autocast: ClassVar[Autocast] = "widest"

    @classmethod
    def cases(cls) -> list[tuple[Concat, tuple[Feature, ...]]]:
        """Cover two and three inputs of different widths."""
        return [
            (cls(), (x, *(x.with_channels(width) for width in widths)))
            for x in (MAP, TOKENS, VECTOR)
            for widths in ((8,), (16, 8))
        ]

    def out(self, *xs: Feature) -> Feature:
        """Return (..., a + b + ...) for (..., a), (..., b), and so on."""
        for other in xs[1:]:
            if other.size != xs[0].size:
                raise ShapeError(
                    f"cannot put the channels of {other} beside those of {xs[0]}",
                    hint="all inputs need the same positions",
                )
        return xs[0].with_channels(sum(x.channels for x in xs))
