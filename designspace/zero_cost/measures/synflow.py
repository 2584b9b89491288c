"""Synaptic flow (Tanaka et al. 2020, arXiv 2006.05467), used as a score by arXiv 2101.08134.

All parameters are replaced by their absolute values, and the input is one image of ones. The score
is the natural logarithm of the sum of |weight x gradient of the summed logits| over the weights of
convolutions and linear layers. It needs no data and no labels; only the initial weights are random.
For one input, a weight of 2 and then one of 3, the output is 6, both gradients times weights are 6,
and the score is log 12. The product over layers is large, so the computation is in float64; the
logarithm keeps the order of networks.

Layers that would disturb the flow are removed. The code of 2101.08134 (zero-cost-nas) removes batch
norm, the only norm that it has. Layer and group norm also divide by the scale, and they produce
negative numbers again, so they are removed here, too. Attention averages over all positions, apart
from a position bias: otherwise its softmax would see very large scores and amplify rounding errors.
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
    """Return the logarithm of the sum over weights."""
    model = _positive(subject)
    image = torch.ones_like(subject.images[:1], dtype=torch.float64)
    at = weights(model)
    flows = torch.autograd.grad(model(image).sum(), at)
    whole = sum(float((w.detach() * flow).abs().sum()) for w, flow in zip(at, flows, strict=True))
    return math.log(whole) if whole else Undefined("no path of weights leads from image to logits")


def _positive(subject: Subject) -> BuiltNetwork:
    """Return a copy with positive parameters, without norms, and with uniform attention."""
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
    """Set queries and keys to zero, so that all attention scores are equal."""
    qkv, *rest = inputs
    width = qkv.shape[-1] // 3
    asked = torch.zeros_like(qkv[..., : 2 * width])
    return (torch.cat([asked, qkv[..., 2 * width :]], dim=-1), *rest)
