"""A single convolution as the stem; its patches may overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from designspace.blocks.families import Stem
from designspace.layers.feature import Feature
from designspace.layers.leaves.act import Act, NoAct
from designspace.layers.leaves.convolution import Conv
from designspace.layers.leaves.norm import InheritNorm, Norm
from designspace.layers.numbers import Padding, Size
from designspace.layers.part import Children, Layer, PartContext


class ConvStem(Stem):
    """A strided convolution and a norm, as PoolFormer embeds its patches (arXiv 2111.11418).

    With an activation it is the stem of MobileNetV2 (arXiv 1801.04381) and EfficientNet.

    Attributes:
        kernel_size: Side of the kernel.
        stride: Stride of the convolution.
        padding: Number of zeros on each side.
        norm: Norm after the convolution.
        act: Activation after the norm; null for none.
        bias: Whether the convolution has a bias.
    """

    overwrites: ClassVar[tuple[str, ...]] = ("act",)
    added: ClassVar[frozenset[str]] = frozenset({"act"})

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {
        "kernel_size": (3, 5, 7),
        "stride": (1, 2),
        "padding": (0, 1, 2),
    }
    kind: Literal["conv"] = "conv"
    kernel_size: Size = 7
    stride: Size = 4
    padding: Padding = 2
    norm: Norm = InheritNorm()
    act: Act = NoAct()
    bias: StrictBool = True

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List the convolution, norm and activation."""
        return {
            "conv": Conv(at.width, self.kernel_size, self.stride, self.padding, bias=self.bias),
            "norm": self.norm,
            "act": self.act,
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Run the layers one after the other."""
        return m.act(m.norm(m.conv(x)))
