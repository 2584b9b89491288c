"""The registry of lowerings: how each leaf becomes a module."""

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
    """Register how a leaf becomes a module, given the (first) feature that it takes."""

    def register(lowering: Lowering[L]) -> Lowering[L]:
        LOWERINGS[leaf] = lowering
        return lowering

    return register


def lower(leaf: Leaf, x: Feature) -> nn.Module:
    """The module of a leaf, which FX takes as one node."""
    return as_one_node(LOWERINGS[type(leaf)](leaf, x))


def as_one_node(module: M) -> M:
    """Make every tracer of torch.fx call a module and not look inside.

    Tracers (FX's own, torchvision's, the quantisers') decide by a module's `__module__` whether it
    is torch's own and therefore one node of the graph. Our leaves look at sizes and devices, which
    a graph cannot, so each instance says that it is one of torch's; its class is untouched.
    """
    module.__module__ = nn.Module.__module__
    return module
