"""Between maps and tokens: flattening, the class token, positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from designspace.layers.cost import Cost
from designspace.layers.feature import Feature
from designspace.layers.leaf import MAP, TOKENS, Leaf, ShapeError
from designspace.layers.saved_tensors import Autocast


@dataclass(frozen=True, slots=True)
class Flatten(Leaf):
    """All positions in one row: (height, width, channels) -> (height * width, channels)."""

    is_view: ClassVar[bool] = True

    def out(self, *xs: Feature) -> Feature:
        """Row-major order."""
        (x,) = xs
        return Feature((x.positions, x.channels))


@dataclass(frozen=True, slots=True)
class ReshapeLike(Leaf):
    """The first input with the positions of the second."""

    is_view: ClassVar[bool] = True

    @classmethod
    def cases(cls) -> list[tuple[ReshapeLike, tuple[Feature, ...]]]:
        """Tokens to a map, and to the tokens that they are."""
        return [(cls(), (TOKENS, MAP)), (cls(), (TOKENS, TOKENS))]

    def out(self, *xs: Feature) -> Feature:
        """(positions, channels), (height, width, any) -> (height, width, channels)."""
        x, like = xs
        return Feature((*like.size, x.channels))


@dataclass(frozen=True, slots=True)
class ClassToken(Leaf):
    """A learnable token in front of the others (ViT, arXiv 2010.11929)."""

    autocast: ClassVar[Autocast] = "promote"

    @classmethod
    def cases(cls) -> list[tuple[ClassToken, tuple[Feature, ...]]]:
        """On tokens."""
        return [(cls(), (TOKENS,))]

    def out(self, *xs: Feature) -> Feature:
        """(tokens, channels) -> (tokens + 1, channels)."""
        (x,) = xs
        return Feature((x.positions + 1, x.channels))

    def cost(self, *xs: Feature) -> Cost:
        """A parameter a channel."""
        return Cost(params=xs[0].channels)


@dataclass(frozen=True, slots=True)
class PositionTable(Leaf):
    """A learnable vector a token, added; interpolated where the map has another size.

    The second input is the map that the tokens were.

    Attributes:
        prefix: Tokens in front that stand for no position of the map.
    """

    prefix: int = 0
    autocast: ClassVar[Autocast] = "promote"

    @classmethod
    def cases(cls) -> list[tuple[PositionTable, tuple[Feature, ...]]]:
        """With a class token in front and without."""
        longer = Feature((TOKENS.positions + 1, TOKENS.channels))
        return [(cls(), (TOKENS, MAP)), (cls(prefix=1), (longer, MAP))]

    def cost(self, *xs: Feature) -> Cost:
        """A parameter a token and channel."""
        return Cost(params=xs[0].elements)


@dataclass(frozen=True, slots=True)
class TakeFirst(Leaf):
    """The first token alone: (tokens, channels) -> (channels,)."""

    is_view: ClassVar[bool] = True

    @classmethod
    def cases(cls) -> list[tuple[TakeFirst, tuple[Feature, ...]]]:
        """Of tokens."""
        return [(cls(), (TOKENS,))]

    def out(self, *xs: Feature) -> Feature:
        """Drop the other tokens."""
        (x,) = xs
        if len(x.size) != 1:
            raise ShapeError(
                f"expected tokens, of which the first is the class token, got {x}",
                hint="use the stem `tokens`, or the head `linear`",
            )
        return Feature((x.channels,))
