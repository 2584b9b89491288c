"""Leaves of residual branches: identity, zero, layer scale and drop path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from designspace.layers.cost import Cost
from designspace.layers.feature import Feature
from designspace.layers.leaf import MAP, TOKENS, Leaf
from designspace.layers.saved_tensors import INPUT, Autocast, Saved


@dataclass(frozen=True, slots=True)
class Identity(Leaf):
    """The input, unchanged."""

    is_view: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Zero(Leaf):
    """A single zero that can be added to a map or to tokens; it has no gradient."""

    def out(self, *xs: Feature) -> Feature:
        """Return (1, ..., 1) for (..., channels)."""
        return Feature((1,) * len(xs[0].shape))


@dataclass(frozen=True, slots=True)
class LayerScale(Leaf):
    """A learnable factor per channel (CaiT, arXiv 2103.17239, section 2).

    Attributes:
        init: Initial value of the factors.
    """

    init: float
    autocast: ClassVar[Autocast] = "promote"

    @classmethod
    def cases(cls) -> list[tuple[LayerScale, tuple[Feature, ...]]]:
        """Cover a map and tokens."""
        return [(cls(0.1), (x,)) for x in (MAP, TOKENS)]

    def cost(self, *xs: Feature) -> Cost:
        """Count one parameter per channel."""
        return Cost(params=xs[0].channels)

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Keep the input."""
        return INPUT


@dataclass(frozen=True, slots=True)
class DropPath(Leaf):
    """A layer that drops the branch of random samples in training (arXiv 1603.09382).

    The technique is called stochastic depth. The rate belongs to the recipe: it is 0 until training
    sets it.
    """
