"""The registry of lowerings: how each leaf becomes a module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from torch import nn

from designspace.layers.feature import Feature
from designspace.layers.leaf import Leaf

L = TypeVar("L", bound=Leaf)
Lowering = Callable[[L, Feature], nn.Module]
LOWERINGS: dict[type[Leaf], Callable[[Any, Feature], nn.Module]] = {}


def lowers(leaf: type[L]) -> Callable[[Lowering[L]], Lowering[L]]:
    """Register how a leaf becomes a module, given the (first) feature that it takes."""

    def register(lowering: Lowering[L]) -> Lowering[L]:
        LOWERINGS[leaf] = lowering
        return lowering

    return register


def lower(leaf: Leaf, x: Feature) -> nn.Module:
    """The module of a leaf."""
    return LOWERINGS[type(leaf)](leaf, x)
