"""A channel mixer with a gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from designspace.layers.feature import Feature
from designspace.layers.leaves.act import Act, SiLU
from designspace.layers.leaves.channels import TakeChannels
from designspace.layers.leaves.convolution import Linear
from designspace.layers.numbers import Positive
from designspace.layers.part import Children, Layer, PartContext
from designspace.mixers.mixer import ChannelMixer


class GatedMlp(ChannelMixer):
    """An MLP in which half of the hidden channels gates the other half (GLU, arXiv 2002.05202).

    It is timm's `GluMlp` with the gate first, and SwiGLU with the default activation.

    Attributes:
        ratio: Ratio of hidden to outer channels, per half; the product is truncated to whole
            channels.
        act: Activation of the gate.
        bias: Whether both layers have biases.
    """

    kind: Literal["gated_mlp"] = "gated_mlp"
    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"ratio": (1, 2, 2.5)}
    ratio: Positive = 2.5
    act: Act = SiLU()
    bias: StrictBool = True

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:
        """List the layer to both halves, the gate, the value, and the layer back."""
        hidden = int(x.channels * self.ratio)
        return {
            "fc1": Linear(2 * hidden, self.bias),
            "gate": TakeChannels(0, hidden),
            "act": self.act,
            "value": TakeChannels(hidden, hidden),
            "fc2": Linear(at.width, self.bias),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Multiply the value by the activated gate, at each position."""
        x = m.fc1(x)
        return m.fc2(m.act(m.gate(x)) * m.value(x))
