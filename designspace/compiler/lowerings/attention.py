"""Attention through torch's fused kernel."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from designspace.compiler.lower import lowers
from designspace.layers import attention
from designspace.layers.feature import Feature


def attend(qkv: Tensor, heads: int, bias: Tensor | None = None) -> Tensor:
    """(batch, tokens, 3 * channels) to (batch, tokens, channels), with a bias on the scores.

    Torch's fused kernels and ONNX take one batch axis, and no further one.
    """
    batch, tokens, width = qkv.shape
    split = qkv.reshape(batch, tokens, 3, heads, width // 3 // heads)
    q, k, v = split.permute(2, 0, 3, 1, 4).unbind(0)
    mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    return mixed.transpose(1, 2).reshape(batch, tokens, width // 3)


class Attend(nn.Module):
    """Attention over a row of tokens."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads = heads

    def forward(self, qkv: Tensor) -> Tensor:
        """(batch, tokens, 3 * channels) to (batch, tokens, channels)."""
        return attend(qkv, self.heads)


@lowers(attention.Attend)
def _attend(leaf: attention.Attend, x: Feature) -> nn.Module:  # noqa: ARG001
    return Attend(leaf.heads)
