"""Leaves between maps and tokens: flattening, the class token, positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from designspace.layers.cost import Cost
from designspace.layers.feature import Feature
from designspace.layers.leaf import MAP, TOKENS, Leaf, ShapeError
from designspace.layers.saved_tensors import Autocast


@dataclass(frozen=True, slots=True)
class Flatten(Leaf):
    """All positions as a sequence: (height, width, channels) -> (height * width, channels)."""

    is_view: ClassVar[bool] = True

    def out(self, *xs: Feature) -> Feature:
        """Return (positions, channels), in row-major order."""
        (x,) = xs
        return Feature((x.positions, x.channels))


@dataclass(frozen=True, slots=True)
class ReshapeLike(Leaf):
    """The first input, reshaped to the positions of the second."""

    is_view: ClassVar[bool] = True

    @classmethod
    def cases(cls) -> list[tuple[ReshapeLike, tuple[Feature, ...]]]:
        """Cover tokens to a map, and tokens to tokens."""
        return [(cls(), (TOKENS, MAP)), (cls(), (TOKENS, TOKENS))]

    def out(self, *xs: Feature) -> Feature:
        """Return (height, width, channels) for (positions, channels) and (height, width, any)."""
        x, like = xs
        return Feature((*like.size, x.channels))


@dataclass(frozen=True, slots=True)
class ClassToken(Leaf):
    """A learnable token in front of the others (ViT, arXiv 2010.11929)."""

    autocast: ClassVar[Autocast] = "promote"

    @classmethod
    def cases(cls) -> list[tuple[ClassToken, tuple[Feature, ...]]]:
        """Cover tokens."""
        return [(cls(), (TOKENS,))]

    def out(self, *xs: Feature) -> Feature:
        """Return (tokens + 1, channels) for (tokens, channels)."""
        (x,) = xs
        return Feature((x.positions + 1, x.channels))

    def cost(self, *xs: Feature) -> Cost:
        """Count one parameter per channel."""
        return Cost(params=xs[0].channels)


@dataclass(frozen=True, slots=True)
class PositionTable(Leaf):
    """A learnable vector per token, which is added; interpolated if the map has another size.

    The second input is the map from which the tokens were made.

    Attributes:
        prefix: Number of tokens in front that do not stand for a position of the map.
    """

    prefix: int = 0
    autocast: ClassVar[Autocast] = "promote"

    @classmethod
    def cases(cls) -> list[tuple[PositionTable, tuple[Feature, ...]]]:
        """Cover layers with and without a class token in front."""
        longer = Feature((TOKENS.positions + 1, TOKENS.channels))
        return [(cls(), (TOKENS, MAP)), (cls(prefix=1), (longer, MAP))]

    def cost(self, *xs: Feature) -> Cost:
        """Count one parameter per token and channel."""
        return Cost(params=xs[0].elements)


@dataclass(frozen=True, slots=True)
class TakeFirst(Leaf):
    """The first token only: (tokens, channels) -> (channels,)."""

    is_view: ClassVar[bool] = True

    @classmethod
    def cases(cls) -> list[tuple[TakeFirst, tuple[Feature, ...]]]:
        """Cover tokens."""
        return [(cls(), (TOKENS,))]

    def out(self, *xs: Feature) -> Feature:
        """Return (channels,) for (tokens, channels).

        Raises:
            ShapeError: The input is not tokens.
        """
        (x,) = xs
        if len(x.size) != 1:
            raise ShapeError(
                f"expected tokens that start with the class token, got {x}",
                hint="use the stem `tokens`, or the head `linear`",
            )
        return Feature((x.channels,))
