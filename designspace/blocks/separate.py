"""Downsampling by separate layers between the stages, as in ConvNeXt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from designspace.blocks.families import Downsample
from designspace.layers.feature import Feature
from designspace.layers.leaves.act import Act, NoAct
from designspace.layers.leaves.convolution import Conv
from designspace.layers.leaves.norm import InheritNorm, Norm
from designspace.layers.numbers import Padding, Size
from designspace.layers.part import Children, Layer, PartContext


class Separate(Downsample):
    """A norm, a strided convolution and an optional activation (arXiv 2201.03545, section 2.6).

    Attributes:
        stride: Stride of the convolution.
        kernel_size: Side of the kernel; null for the stride, so that patches do not overlap.
        padding: Number of zeros on each side; null for none.
        norm: Norm before the convolution.
        act: Activation after the convolution; null for none.
        bias: Whether the convolution has a bias.
    """

    added: ClassVar[frozenset[str]] = frozenset({"act"})

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {
        "stride": (1, 2),
        "kernel_size": (None, 1, 2, 3),
        "padding": (None, 0, 1),
    }
    kind: Literal["separate"] = "separate"
    stride: Size = 2
    kernel_size: Size | None = None
    padding: Padding | None = None
    norm: Norm = InheritNorm()
    act: Act = NoAct()
    bias: StrictBool = True

    def strides(self) -> tuple[int, int]:
        """Return the stride as that of this part itself."""
        return self.stride, 1

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List the norm, convolution and activation."""
        return {
            "norm": self.norm,
            "conv": Conv(
                at.width,
                self.kernel_size or self.stride,
                self.stride,
                padding=self.padding or 0,
                bias=self.bias,
            ),
            "act": self.act,
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Run the layers one after the other."""
        return m.act(m.conv(m.norm(x)))
