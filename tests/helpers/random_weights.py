"""Random weights of which every one matters: neither zeros nor ones nor initial statistics."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def randomise(model: nn.Module, seed: int = 0) -> nn.Module:
    """Draw every parameter and buffer anew, so large that logits depend on all of them."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point() and not name.endswith("attn_mask"):
                tensor.copy_(_drawn(name, tensor, draw))
    return model.eval()


def _drawn(name: str, tensor: Tensor, draw: torch.Generator) -> Tensor:
    normal = torch.randn(tensor.shape, generator=draw, dtype=torch.float64)
    word = name.rpartition(".")[2]
    if word == "running_var":
        return 0.5 + normal.abs()
    if word in ("running_mean", "bias", "beta", "cls_token", "pos_embed"):
        return 0.3 * normal
    if "table" in word:
        return normal
    if tensor.ndim > 1 and "grn" not in name:
        return normal / tensor[0].numel() ** 0.5
    return 0.6 + 0.3 * normal  # factors a channel: norms, layer scale, GRN
