"""A head that widens the channels before it pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from designspace.blocks.families import Head
from designspace.layers.feature import Feature
from designspace.layers.leaves.act import Act, InheritAct
from designspace.layers.leaves.convolution import Linear
from designspace.layers.leaves.norm import InheritNorm, Norm
from designspace.layers.leaves.pooling import GlobalAvgPool
from designspace.layers.numbers import Size
from designspace.layers.part import Children, Layer, PartContext


class ConvHead(Head):
    """A 1x1 convolution, norm, activation, mean and classifier (arXiv 1801.04381, table 2).

    Attributes:
        width: Number of output channels of the convolution.
        norm: Norm after the convolution.
        act: Activation after the norm.
        bias: Whether the convolution has a bias.
    """

    overwrites: ClassVar[tuple[str, ...]] = ("act",)
    kind: Literal["conv"] = "conv"
    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"width": (8, 24)}
    width: Size = 1280
    norm: Norm = InheritNorm()
    act: Act = InheritAct()
    bias: StrictBool = False

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List the convolution, norm, activation, pooling and classifier."""
        return {
            "conv": Linear(self.width, self.bias),
            "norm": self.norm,
            "act": self.act,
            "pool": GlobalAvgPool(),
            "classifier": Linear(at.width),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Run the layers one after the other."""
        return m.classifier(m.pool(m.act(m.norm(m.conv(x)))))
