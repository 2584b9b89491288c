"""ResNet's stem: a convolution and a max pooling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from designspace.blocks.families import Stem
from designspace.layers.feature import Feature
from designspace.layers.leaves.act import Act, InheritAct
from designspace.layers.leaves.convolution import Conv
from designspace.layers.leaves.norm import InheritNorm, Norm
from designspace.layers.leaves.pooling import MaxPool
from designspace.layers.leaves.residual import Identity
from designspace.layers.numbers import OddInt, Size
from designspace.layers.part import Children, Layer, PartContext


class ConvPool(Stem):
    """A strided convolution, norm, activation and an overlapping max pooling (arXiv 1512.03385).

    Attributes:
        kernel_size: Side of the convolution's kernel.
        stride: Stride of the convolution.
        norm: Norm after the convolution.
        act: Activation after the norm.
        bias: Whether the convolution has a bias.
        pool: Side of the windows of a max pooling with stride 2; null for no pooling.
    """

    overwrites: ClassVar[tuple[str, ...]] = ("act",)
    examples: ClassVar[Mapping[str, Sequence[Any]]] = {
        "kernel_size": (1, 3, 7),
        "stride": (1, 2),
        "pool": (None, 3),
    }
    kind: Literal["conv_pool"] = "conv_pool"
    kernel_size: OddInt = 7
    stride: Size = 2
    norm: Norm = InheritNorm()
    act: Act = InheritAct()
    bias: StrictBool = False
    pool: OddInt | None = 3

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List the convolution, norm, activation and pooling."""
        return {
            "conv": Conv(at.width, self.kernel_size, self.stride, bias=self.bias),
            "norm": self.norm,
            "act": self.act,
            "pool": Identity() if self.pool is None else MaxPool(self.pool, 2, self.pool // 2),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Run the layers one after the other."""
        return m.pool(m.act(m.norm(m.conv(x))))
