"""Zen-score (Lin et al. 2021, arXiv 2102.01063): how far a small change of the input carries.

The logarithm of the mean absolute sum of f(x) - f(x + 0.01 e), where x and e are normal noise, f
ends with the last stage's map, weights are normal of spread 1 and there are no residual links;
plus, for every norm on the way, the logarithm of the scale that it took away.

That last term is the point of the score: a norm hides how much a layer enlarges. For batch norm it
is half the logarithm of the variance, of the mini-batch and all positions, mean over channels.
Layer and group norm take a scale away too, of a position or of a group, and get the same term with
the variance that they divide by, mean over images, positions and groups. The authors' code (ZenNAS)
has the term for batch norm only; without it a layer-norm network's score would hardly depend on
what stands before its last norm.

Where we differ from that code otherwise: the variance is the mini-batch's own, not batch norm's
running average, which still holds its first value and other draws. Where we do not: the L1 norm
of the difference, and residual links that are cut (there `no_reslink`), with the shortcuts' own
layers. Layer scale, of which that code knows nothing, is set to 1, as the scales of norms are.
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
    """The logarithm of the change, and of the scales."""
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
    """Images to what the last stage gives."""
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
        """Itself, on either side: Python asks a child class before its parent."""
        return self.as_subclass(Tensor)

    __radd__ = __iadd__ = __add__


class Cut(nn.Module):
    """Stands at the end of a branch, where it would be added to the link around it."""

    def forward(self, x: Tensor) -> Tensor:
        """The same, alone."""
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
    """The variances by which a norm divides (batch, *positions, channels); None if unknown."""
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
