"""Multi-head self-attention over all positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from designspace.layers.feature import Feature
from designspace.layers.leaves.attention import Attend, heads_of
from designspace.layers.leaves.convolution import Linear
from designspace.layers.leaves.tokens import Flatten, ReshapeLike
from designspace.layers.numbers import Size
from designspace.layers.part import Children, Layer, PartContext
from designspace.mixers.mixer import Mixer, keeps_stride


class SelfAttention(Mixer):
    """Attention of every position to all positions (arXiv 1706.03762; as in ViT, 2010.11929).

    Attributes:
        head_dim: Number of channels per head.
        qkv_bias: Whether the layer of queries, keys and values has a bias.
        proj_bias: Whether the projection back has a bias.
    """

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"head_dim": (4, 8)}
    can_shrink: ClassVar[bool] = False
    kind: Literal["attention"] = "attention"
    head_dim: Size = 32
    qkv_bias: StrictBool = True
    proj_bias: StrictBool = True

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List one layer for queries, keys and values, the attention, and the projection back."""
        keeps_stride(self, at)
        return {
            "flatten": Flatten(),
            "qkv": Linear(3 * at.width, self.qkv_bias),
            "attend": Attend(heads_of(at.width, self.head_dim)),
            "proj": Linear(at.width, self.proj_bias),
            "restore": ReshapeLike(),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Attend over tokens, or over the positions of a map."""
        return m.restore(m.proj(m.attend(m.qkv(m.flatten(x)))), x)
