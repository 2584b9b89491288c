"""Attention through torch's fused kernel, if torch has one."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from designspace.compiler.lower import lowers
from designspace.layers.feature import Feature
from designspace.layers.leaves import attention


def attend(qkv: Tensor, heads: int, bias: Tensor | None = None) -> Tensor:
    """Attend over tokens: (batch, tokens, 3 * channels) to (batch, tokens, channels).

    Torch's fused kernels and ONNX take only one batch axis. On a CPU, no fused kernel computes the
    gradient of a bias, so the products are written out there, which is faster than torch's
    fallback.

    Args:
        qkv: Queries, keys and values.
        heads: Number of heads.
        bias: Bias added to the scores (heads, tokens, tokens), or one per item (batch, heads,
            tokens, tokens).
    """
    batch, tokens, width = qkv.shape
    split = qkv.reshape(batch, tokens, 3, heads, width // 3 // heads)
    q, k, v = split.permute(2, 0, 3, 1, 4).unbind(0)
    if bias is not None and _learns(bias):
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1) + bias
        mixed = scores.softmax(-1) @ v
    else:
        mask = bias[None] if bias is not None and bias.ndim == 3 else bias
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return mixed.transpose(1, 2).reshape(batch, tokens, width // 3)


def _learns(bias: Tensor) -> bool:
    """Return whether the bias is on a CPU and needs a gradient."""
    return bias.device.type == "cpu" and bias.requires_grad and torch.is_grad_enabled()


class Attend(nn.Module):
    """Attention over a sequence of tokens."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads = heads

    def forward(self, qkv: Tensor) -> Tensor:
        """Map (batch, tokens, 3 * channels) to (batch, tokens, channels)."""
        return attend(qkv, self.heads)


@lowers(attention.Attend)
def _attend(leaf: attention.Attend, x: Feature) -> nn.Module:  # noqa: ARG001
    return Attend(leaf.heads)
