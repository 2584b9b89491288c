"""The patchify stem of Swin and ConvNeXt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from designspace.blocks.families import Stem
from designspace.layers.feature import Feature
from designspace.layers.leaves.convolution import Conv
from designspace.layers.leaves.norm import InheritNorm, Norm
from designspace.layers.numbers import Size
from designspace.layers.part import Children, Layer, PartContext


class Patchify(Stem):
    """A convolution over patches that do not overlap (arXiv 2201.03545, section 2.2).

    Attributes:
        patch_size: Side and stride of a patch.
        norm: Norm after the convolution.
        bias: Whether the convolution has a bias.
    """

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"patch_size": (1, 2, 4)}
    kind: Literal["patchify"] = "patchify"
    patch_size: Size = 4
    norm: Norm = InheritNorm()
    bias: StrictBool = True

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List the convolution and its norm."""
        return {
            "conv": Conv(at.width, self.patch_size, self.patch_size, padding=0, bias=self.bias),
            "norm": self.norm,
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Embed the patches, then normalise."""
        return m.norm(m.conv(x))
