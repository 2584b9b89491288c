"""The registry of lowerings. A lowering turns a leaf into a module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from torch import nn

from designspace.layers.feature import Feature
from designspace.layers.leaf import Leaf

L = TypeVar("L", bound=Leaf)
M = TypeVar("M", bound=nn.Module)
Lowering = Callable[[L, Feature], nn.Module]
LOWERINGS: dict[type[Leaf], Callable[[Any, Feature], nn.Module]] = {}


def lowers(leaf: type[L]) -> Callable[[Lowering[L]], Lowering[L]]:
    """Register the lowering of a leaf: a function of the leaf and its (first) input feature."""

    def register(lowering: Lowering[L]) -> Lowering[L]:
        LOWERINGS[leaf] = lowering
        return lowering

    return register


def lower(leaf: Leaf, x: Feature) -> nn.Module:
    """Return the module of a leaf, which torch.fx treats as one node."""
    return as_one_node(LOWERINGS[type(leaf)](leaf, x))


def as_one_node(module: M) -> M:
    """Make every tracer of torch.fx treat a module as one call and not look inside.

    Tracers (FX's own, torchvision's, the quantisers') read a module's `__module__`. If it names
    torch, the module becomes one node of the graph. Our leaves look at sizes and devices, which a
    graph cannot do, so each instance claims to be one of torch's; its class does not change.
    """
    module.__module__ = nn.Module.__module__
    return module
