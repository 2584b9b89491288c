"""Attention: the part between the projections to queries, keys and values and the one back."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from designspace.layers.cost import Cost
from designspace.layers.feature import Feature
from designspace.layers.leaf import TOKENS, Leaf, ShapeError
from designspace.layers.saved_tensors import Autocast, Saved


def attention_cost(qkv: Feature, heads: int, params: int = 0) -> Cost:
    """Return the cost of both matrix products, for an input (..., tokens, 3 * channels).

    The acts are the scores of every head and the weighted values.
    """
    *groups, tokens, _ = qkv.shape
    channels = qkv.channels // 3
    count = Feature((*groups, 1)).positions
    macs = 2 * count * tokens * tokens * channels
    return Cost(params, macs, count * tokens * (tokens * heads + channels), macs)


RANDOM_STATE = 4  # elements: torch's fused kernel keeps the seed and offset of dropout


def saved_sums(qkv: Feature, heads: int) -> int:
    """Return the number of sums of scores that torch's fused kernel keeps: one per head and token.

    The kernel allocates them for a multiple of 32 tokens.
    """
    *groups, tokens, _ = qkv.shape
    return prod(groups) * heads * -(-tokens // 32) * 32


def heads_of(channels: int, head_dim: int) -> int:
    """Return the number of heads.

    Raises:
        ShapeError: The number of channels is not a multiple of `head_dim`.
    """
    if channels % head_dim:
        raise ShapeError(
            f"{channels} channels are not a whole number of heads of {head_dim}",
            hint="change head_dim or the width",
        )
    return channels // head_dim


@dataclass(frozen=True, slots=True)
class Attend(Leaf):
    """Softmax attention over a sequence of tokens (arXiv 1706.03762, section 3.2).

    Attributes:
        heads: Number of heads; scores are divided by the square root of a head's channels.
    """

    heads: int
    autocast: ClassVar[Autocast] = "half"

    @classmethod
    def cases(cls) -> list[tuple[Attend, tuple[Feature, ...]]]:
        """Cover one head and several heads."""
        return [(cls(heads), (TOKENS.with_channels(96),)) for heads in (1, 4)]

    def out(self, *xs: Feature) -> Feature:
        """Return (tokens, channels) for (tokens, 3 * channels)."""
        (qkv,) = xs
        return qkv.with_channels(qkv.channels // 3)

    def cost(self, *xs: Feature) -> Cost:
        """Count the scores and the weighted values."""
        return attention_cost(xs[0], self.heads)

    def saved(self, *xs: Feature) -> Saved:
        """Keep queries, keys, values, the output and the sums of the scores, but not the scores."""
        sums = saved_sums(xs[0], self.heads)
        return Saved(input=True, output=True, single=sums, once=RANDOM_STATE)
