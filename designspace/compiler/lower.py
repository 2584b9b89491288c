"""The registry of lowerings. A lowering turns a leaf into a module."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from torch import nn

from designspace.errors import InputError
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
    """Return the module of a leaf, which torch.fx treats as one node.

    Raises:
        InputError: The leaf has no lowering.
    """
    lowering = LOWERINGS.get(type(leaf))
    if lowering is None:
        name = type(leaf).__name__
        file, line = place_of(type(leaf))
        raise InputError(
            f"leaf `{name}` has no lowering",
            file=file, line=line, hint=f"register one with @lowers({name})",
        )  # fmt: skip
    return as_one_node(lowering(leaf, x))


def place_of(made: type) -> tuple[str | None, int | None]:
    """Return file and line of a class, as far as they are known."""
    try:
        return inspect.getsourcefile(made), inspect.getsourcelines(made)[1]
    except (OSError, TypeError):
        return None, None


def as_one_node(module: M) -> M:
    """Make every tracer of torch.fx treat a module as one call and not look inside.

    Tracers (FX's own, torchvision's, the quantisers') read a module's `__module__`. If it names
    torch, the module becomes one node of the graph. Our leaves look at sizes and devices, which a
    graph cannot do, so each instance claims to be one of torch's; its class does not change.
    """
    module.__module__ = nn.Module.__module__
    return module
