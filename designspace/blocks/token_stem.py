"""ViT's stem: patches as a sequence of tokens, with a class token and positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from designspace.blocks.families import Stem
from designspace.layers.feature import Feature
from designspace.layers.leaves.convolution import Conv
from designspace.layers.leaves.residual import Identity
from designspace.layers.leaves.tokens import ClassToken, Flatten, PositionTable
from designspace.layers.numbers import Size
from designspace.layers.part import Children, Layer, PartContext


class TokenStem(Stem):
    """Patches with a class token in front and learned positions (arXiv 2010.11929, section 3.1).

    Attributes:
        patch_size: Side and stride of a patch.
        class_token: Whether there is a class token in front; the positions cover it.
        bias: Whether the convolution has a bias.
    """

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"patch_size": (1, 2, 4)}
    kind: Literal["tokens"] = "tokens"
    patch_size: Size = 16
    class_token: StrictBool = True
    bias: StrictBool = True

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List the embedding, flattening, class token and positions."""
        return {
            "conv": Conv(at.width, self.patch_size, self.patch_size, padding=0, bias=self.bias),
            "flatten": Flatten(),
            "class_token": ClassToken() if self.class_token else Identity(),
            "positions": PositionTable(prefix=int(self.class_token)),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Run the layers one after the other; the positions are those of the map."""
        x = m.conv(x)
        return m.positions(m.class_token(m.flatten(x)), x)
