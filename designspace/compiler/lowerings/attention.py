"""Attention through torch's fused kernel."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from designspace.compiler.lower import lowers
from designspace.layers import attention
from designspace.layers.feature import Feature


def attend(qkv: Tensor, heads: int, bias: Tensor | None = None) -> Tensor:
    """(..., tokens, 3 * channels) to (..., tokens, channels), with a bias added to the scores."""
    *groups, tokens, width = qkv.shape
    split = qkv.reshape(*groups, tokens, 3, heads, width // 3 // heads).movedim(-3, 0)
    q, k, v = split.transpose(-2, -3).unbind(0)
    mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    return mixed.transpose(-2, -3).reshape(*groups, tokens, width // 3)


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
