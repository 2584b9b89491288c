"""Synaptic flow (Tanaka et al. 2020, arXiv 2006.05467), as arXiv 2101.08134 scores with it.

With every parameter made positive and one image of ones, the sum over the weights of convolutions
and linear layers of |weight x gradient of the summed logits|. No data and no labels: only the first
weights are drawn. In float64, since the product over layers is large; for the same reason its
natural logarithm is given, which ranks alike.

What would not let a flow through unchanged is taken out. The code of 2101.08134 (zero-cost-nas)
does so with batch norm, the only norm that it has; layer and group norm divide by the scale just
the same, and make negative numbers again, so that here they go too. Attention mixes all positions
evenly, but for a position bias: its softmax would see scores of any size, and give rounding errors
times those.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from designspace.compiler import BuiltNetwork
from designspace.layers.leaves.attention import Attend
from designspace.layers.leaves.norm import Norm
from designspace.layers.leaves.windows import WindowAttend
from designspace.zero_cost.registry import Undefined, scorer
from designspace.zero_cost.subject import Subject, weights


@scorer("synflow", "Tanaka et al. 2020, arXiv 2006.05467; as a score 2101.08134")
def synflow(subject: Subject) -> float | Undefined:
    """The logarithm of the sum over weights."""
    model = _positive(subject)
    image = torch.ones_like(subject.images[:1], dtype=torch.float64)
    at = weights(model)
    flows = torch.autograd.grad(model(image).sum(), at)
    whole = sum(float((w.detach() * flow).abs().sum()) for w, flow in zip(at, flows, strict=True))
    return math.log(whole) if whole else Undefined("no path of weights leads from image to logits")


def _positive(subject: Subject) -> BuiltNetwork:
    """A copy of positive parameters, without norms, whose attention is even."""
    model = subject.copy().double()
    for name, _ in subject.leaves(Norm):
        model.set_submodule(name, nn.Identity())
    for kind in (Attend, WindowAttend):
        for name, _ in subject.leaves(kind):
            model.get_submodule(name).register_forward_pre_hook(_values_alone)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.abs_()
    return model


def _values_alone(_: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Queries and keys of zero: all scores are equal."""
    qkv, *rest = inputs
    width = qkv.shape[-1] // 3
    asked = torch.zeros_like(qkv[..., : 2 * width])
    return (torch.cat([asked, qkv[..., 2 * width :]], dim=-1), *rest)
