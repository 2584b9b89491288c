"""What stands on a residual branch: identity, layer scale, drop path."""

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
    """A single zero, which is added like a map or a row of tokens, and has no gradient."""

    def out(self, *xs: Feature) -> Feature:
        """(..., channels) -> (1, ..., 1)."""
        return Feature((1,) * len(xs[0].shape))


@dataclass(frozen=True, slots=True)
class LayerScale(Leaf):
    """A learnable factor a channel (CaiT, arXiv 2103.17239, section 2)."""

    init: float
    autocast: ClassVar[Autocast] = "promote"

    @classmethod
    def cases(cls) -> list[tuple[LayerScale, tuple[Feature, ...]]]:
        """On a map and on tokens."""
        return [(cls(0.1), (x,)) for x in (MAP, TOKENS)]

    def cost(self, *xs: Feature) -> Cost:
        """One parameter a channel."""
        return Cost(params=xs[0].channels)

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Its input."""
        return INPUT


@dataclass(frozen=True, slots=True)
class DropPath(Leaf):
    """Drops the branch of a sample at random in training (stochastic depth, arXiv 1603.09382).

    Its rate belongs to the recipe: 0 until training sets it.
    """
