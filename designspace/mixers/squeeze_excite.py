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

    RegNetY and EfficientNet have it in the middle of their blocks (timm's `regnety_002`,
    `efficientnet_b0`).

    Attributes:
        ratio: Ratio of hidden channels to the block's input channels; the product is rounded to
            whole channels, at least 1.
        act: Activation of the hidden channels.
        gate: Activation that produces the factors.
    """

    kind: Literal["squeeze_excite"] = "squeeze_excite"
    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"ratio": (0.25, 1)}
    ratio: Positive = 0.25
    act: Act = InheritAct()
    gate: Act = Sigmoid()

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:
        """List the pooling, the two linear layers, the activation and the gate."""
        return {
            "pool": GlobalAvgPool(keep_dims=True),
            "reduce": Linear(max(1, round(at.width * self.ratio))),
            "act": self.act,
            "expand": Linear(x.channels),
            "gate": self.gate,
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Multiply each channel by its factor."""
        return x * m.gate(m.expand(m.act(m.reduce(m.pool(x)))))
