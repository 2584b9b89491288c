"""Fused attention: one kernel forward and one backward on a GPU, whatever the CPU makes of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from tests.pretend.state import State


def fused_attention(
    state: State, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, scale: float | None
) -> Tensor:
    """Attention without dropout; autocast casts as it does on a GPU."""
    if torch.is_autocast_enabled("cpu"):
        low = torch.get_autocast_dtype("cpu")
        q, k, v = q.to(low), k.to(low), v.to(low)
        mask = mask.to(low) if mask is not None and mask.is_floating_point() else mask
    return _Attention.apply(state, scale, q, k, v, mask)  # pyright: ignore


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, state: State, scale: float | None, *tensors: Tensor | None) -> Tensor:
        ctx.state, ctx.scale = state, scale
        ctx.save_for_backward(*tensors)
        with state.folding("fused_attention"):
            return _attend(tensors, scale)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        needed = ctx.needs_input_grad[2:]
        with ctx.state.folding("fused_attention_backward"), torch.enable_grad():
            inputs = [
                None if each is None else each.detach().requires_grad_(asked)
                for each, asked in zip(ctx.saved_tensors, needed, strict=True)
            ]
            wanted = [each for each in inputs if each is not None and each.requires_grad]
            found = iter(torch.autograd.grad(_attend(inputs, ctx.scale), wanted, grads))
        own = [next(found) if asked else None for asked in needed]
        return (None, None, *own)


def _attend(tensors: Any, scale: float | None) -> Tensor:
    q, k, v, mask = tensors
    return functional.scaled_dot_product_attention(q, k, v, mask, scale=scale)
