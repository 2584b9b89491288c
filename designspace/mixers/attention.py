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
    """Attention of every position to every other (arXiv 1706.03762; as in ViT, 2010.11929).

    Attributes:
        head_dim: Channels of a head.
        qkv_bias: Whether queries, keys and values have biases.
        proj_bias: Whether the projection back has one.
    """

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"head_dim": (4, 8)}
    can_shrink: ClassVar[bool] = False
    kind: Literal["attention"] = "attention"
    head_dim: Size = 32
    qkv_bias: StrictBool = True
    proj_bias: StrictBool = True

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """Queries, keys and values in one layer; attention; the projection back."""
        keeps_stride(self, at)
        return {
            "flatten": Flatten(),
            "qkv": Linear(3 * at.width, self.qkv_bias),
            "attend": Attend(heads_of(at.width, self.head_dim)),
            "proj": Linear(at.width, self.proj_bias),
            "restore": ReshapeLike(),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """On tokens, or on a map taken as tokens."""
        return m.restore(m.proj(m.attend(m.qkv(m.flatten(x)))), x)
