"""Squeeze and excitation as a block's response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from designspace.layers.feature import Feature
from designspace.layers.leaves.act import Act, InheritAct, Sigmoid
from designspace.layers.leaves.convolution import Linear
from designspace.layers.leaves.pooling import GlobalAvgPool
from designspace.layers.leaves.response import Response
from designspace.layers.numbers import Positive
from designspace.layers.part import Children, Composite, Layer, PartContext


class SqueezeExcite(Response, Composite):
    """A factor per channel from the mean of all channels (Hu et al., arXiv 1709.01507).

    In the middle of RegNetY's and EfficientNet's blocks (timm's `regnety_002`, `efficientnet_b0`).

    Attributes:
        ratio: Hidden channels over those that the block takes, rounded to whole ones.
        act: The activation of the hidden channels.
        gate: The activation that makes the factors.
    """

    kind: Literal["squeeze_excite"] = "squeeze_excite"
    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"ratio": (0.25, 1)}
    ratio: Positive = 0.25
    act: Act = InheritAct()
    gate: Act = Sigmoid()

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:
        """Squeeze, excite."""
        return {
            "pool": GlobalAvgPool(keep_dims=True),
            "reduce": Linear(max(1, round(at.width * self.ratio))),
            "act": self.act,
            "expand": Linear(x.channels),
            "gate": self.gate,
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Scale each channel."""
        return x * m.gate(m.expand(m.act(m.reduce(m.pool(x)))))
