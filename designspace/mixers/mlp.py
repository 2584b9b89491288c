"""The usual channel mixer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from designspace.layers.feature import Feature
from designspace.layers.leaves.act import Act, InheritAct
from designspace.layers.leaves.convolution import Linear
from designspace.layers.numbers import Positive
from designspace.layers.part import Children, Layer, PartContext
from designspace.mixers.mixer import ChannelMixer


class Mlp(ChannelMixer):
    """Two pointwise layers with an activation between them.

    Attributes:
        ratio: Ratio of hidden to outer channels; the product is truncated to whole channels.
        act: Activation between the layers.
        bias: Whether both layers have biases.
    """

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"ratio": (1, 2, 3.5, 4)}
    kind: Literal["mlp"] = "mlp"
    ratio: Positive = 4
    act: Act = InheritAct()
    bias: StrictBool = True

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:
        """List the two layers and the activation."""
        return {
            "fc1": Linear(int(x.channels * self.ratio), self.bias),
            "act": self.act,
            "fc2": Linear(at.width, self.bias),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Run the layers one after the other, at each position."""
        return m.fc2(m.act(m.fc1(x)))
