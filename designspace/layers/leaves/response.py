"""Responses: layers that let the channels in the wide middle of a block compete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from designspace.layers.cost import Cost
from designspace.layers.feature import Feature
from designspace.layers.kind import Kind
from designspace.layers.leaf import Leaf
from designspace.layers.numbers import Positive
from designspace.layers.saved_tensors import Autocast, Saved


class Response(Kind, family="response"):
    """A rescaling of the channels by how they respond over all positions.

    A kind is a leaf, or a part; the width of a part's context is the number of channels that the
    block takes.
    """


class GlobalResponseNorm(Response, Leaf):
    """Global response normalisation (ConvNeXt V2, arXiv 2301.00808, section 3.2)."""

    kind: Literal["grn"] = "grn"
    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"eps": (1e-5, 1e-6)}
    eps: Positive = 1e-6
    autocast: ClassVar[Autocast] = "promote"

    def cost(self, *xs: Feature) -> Cost:
        """Count a scale and a shift per channel."""
        return Cost(params=2 * xs[0].channels)

    def saved(self, *xs: Feature) -> Saved:
        """Keep the input; response, share and factor per channel; and the mean response."""
        return Saved(input=True, single=3 * xs[0].channels + 1)
