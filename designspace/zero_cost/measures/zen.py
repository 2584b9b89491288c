"""Zen-score (Lin et al. 2021, arXiv 2102.01063): how strongly the output reacts to a small change.

The score is log(mean over images of the sum of |f(x) - f(x + 0.01 e)|), plus, for every norm on the
main path, the logarithm of the scale that the norm removed. Here x and e are normal noise, f ends
with the map of the last stage, weights are drawn from a standard normal distribution, and there are
no residual links.

The second term is essential: a norm hides how much a layer amplifies. For example, multiplying the
weights before a norm by 10 leaves f unchanged, but the norm then removes a 10 times larger scale,
and the score rises by log 10. For batch norm the term is half the logarithm of the variance over
the mini-batch and all positions, averaged over channels. Layer and group norm remove a scale, too,
per position or per group; they get the same term with the variance that they divide by, averaged
over images, positions and groups. The authors' code (ZenNAS) has the term for batch norm only;
without it, the score of a network with layer norms would hardly depend on anything before its last
norm.

One more difference from that code: the variance is that of the mini-batch, not the running average
of batch norm, which still contains its initial value and other draws. We agree in the L1 norm of
the difference, and in cutting residual links (`no_reslink` there) together with the layers of the
shortcuts. Layer scale, which that code does not know, is set to 1, like the scales of norms.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from designspace.blocks.families import Shortcut
from designspace.compiler import BuiltNetwork
from designspace.layers.leaf import Leaf
from designspace.layers.leaves.norm import (
    BatchNorm,
    GroupNorm,
    LayerNorm,
    NoNorm,
    Norm,
    RMSNorm,
)
from designspace.layers.leaves.residual import DropPath, LayerScale
from designspace.zero_cost.registry import Undefined, scorer
from designspace.zero_cost.subject import Subject

STEP = 0.01


@scorer("zen", "Lin et al. 2021, arXiv 2102.01063")
@torch.no_grad()
def zen(subject: Subject) -> float | Undefined:
    """Return the logarithm of the change plus the logarithms of the removed scales."""
    norms = dict(subject.leaves(Norm, outside=Shortcut))
    unknown = [norm for norm in norms.values() if scale_rule(norm) is None]
    if unknown:
        return Undefined(f"no rule for the scale that {type(unknown[0]).__name__} takes away")
    model, draw = subject.copy().double(), subject.draw("zen")
    _redraw(model, subject, draw)
    _cut_links(model, subject)
    x, e = (torch.randn(subject.images.shape, generator=draw).to(subject.images) for _ in range(2))
    x, e = x.double(), e.double()
    scales: list[float] = []
    hooks = [_watch(model.get_submodule(name), norm, scales) for name, norm in norms.items()]
    y = body(model, x)
    for hook in hooks:
        hook.remove()
    change = float((y - body(model, x + STEP * e)).abs().flatten(1).sum(1).mean())
    if change == 0 or 0 in scales:
        return Undefined("a small change of the input changes nothing at the last stage")
    return math.log(change) + sum(math.log(scale) for scale in scales)


def body(model: BuiltNetwork, images: Tensor) -> Tensor:
    """Run the network on images up to the output of the last stage."""
    stem, stages = model.get_submodule("stem"), model.get_submodule("stages")
    return stages(stem(images))


def _redraw(model: BuiltNetwork, subject: Subject, draw: torch.Generator) -> None:
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.weight.copy_(torch.randn(module.weight.shape, generator=draw))
            if module.bias is not None:
                module.bias.zero_()
    for name, _ in subject.leaves(LayerScale):
        for scale in model.get_submodule(name).parameters():
            scale.fill_(1.0)


class Lone(Tensor):
    """A branch's output to which nothing can be added."""

    def __add__(self, other: Any) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the tensor itself. Python asks a subclass before the class of the left operand."""
        return self.as_subclass(Tensor)

    __radd__ = __iadd__ = __add__


class Cut(nn.Module):
    """End of a branch, in the place of the drop path before the addition."""

    def forward(self, x: Tensor) -> Tensor:
        """Mark the tensor so that the residual addition leaves it unchanged."""
        return x.as_subclass(Lone)


def _cut_links(model: BuiltNetwork, subject: Subject) -> None:
    for name, _ in subject.leaves(DropPath):
        model.set_submodule(name, Cut())


def _watch(module: nn.Module, norm: Leaf, scales: list[float]) -> Any:
    rule = scale_rule(norm)
    assert rule is not None

    def note(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        x: Tensor = inputs[0]
        last = x.permute(0, 2, 3, 1) if x.ndim == 4 else x
        scales.append(math.sqrt(float(rule(last).mean())))

    return module.register_forward_pre_hook(note)


def scale_rule(norm: Leaf) -> Callable[[Tensor], Tensor] | None:
    """Return the rule for the variances by which a norm divides its input; None if it is not known.

    The rule takes inputs of shape (batch, *positions, channels).
    """
    match norm:
        case NoNorm():
            return torch.ones_like
        case BatchNorm():
            return lambda x: x.flatten(0, -2).var(0, correction=0)
        case LayerNorm():
            return lambda x: x.var(-1, correction=0)
        case RMSNorm():
            return lambda x: x.square().mean(-1)
        case GroupNorm(groups=groups):
            return partial(_group_variance, groups=groups)
        case _:
            return None


def _group_variance(x: Tensor, groups: int) -> Tensor:
    grouped = x.reshape(len(x), -1, groups, x.shape[-1] // groups)
    return grouped.var((1, 3), correction=0)
