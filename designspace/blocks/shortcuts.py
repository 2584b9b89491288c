"""The residual path of a block that changes the shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from designspace.blocks.families import Shortcut
from designspace.layers.feature import Feature
from designspace.layers.leaves.convolution import Conv
from designspace.layers.leaves.norm import InheritNorm, Norm
from designspace.layers.leaves.residual import Zero
from designspace.layers.numbers import OddInt
from designspace.layers.part import Children, Layer, PartContext


class Projection(Shortcut):
    """A strided convolution to the block's output channels, and a norm (arXiv 1512.03385, 4.1).

    Attributes:
        kernel_size: Side of the kernel.
        norm: Norm after the convolution.
        bias: Whether the convolution has a bias.
    """

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"kernel_size": (1, 3)}
    kind: Literal["conv"] = "conv"
    kernel_size: OddInt = 1
    norm: Norm = InheritNorm()
    bias: StrictBool = False

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List the convolution and its norm."""
        return {
            "conv": Conv(at.width, self.kernel_size, at.stride, bias=self.bias),
            "norm": self.norm,
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Convolve, then normalise."""
        return m.norm(m.conv(x))


class NoShortcut(Shortcut):
    """No residual if the block changes the shape, as in MobileNetV2 (arXiv 1801.04381, 3.4)."""

    kind: Literal["none"] = "none"

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List a zero in place of the input."""
        return {"zero": Zero()}

    def forward(self, m: Children, x: Any) -> Any:
        """Add nothing to the branch."""
        return m.zero(x)
