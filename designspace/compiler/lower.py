"""The lowering of each leaf: from a formula to a module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from torch import nn

from designspace.compiler import modules
from designspace.layers import act, convolution, norm, pooling, residual
from designspace.layers.feature import Feature
from designspace.layers.leaf import Leaf

L = TypeVar("L", bound=Leaf)
LOWERINGS: dict[type[Leaf], Callable[[Any, Feature], nn.Module]] = {}


def lowers(
    leaf: type[L],
) -> Callable[[Callable[[L, Feature], nn.Module]], Callable[[L, Feature], nn.Module]]:
    """Register how a leaf becomes a module, given the feature that it takes."""

    def register(lowering: Callable[[L, Feature], nn.Module]) -> Callable[[L, Feature], nn.Module]:
        LOWERINGS[leaf] = lowering
        return lowering

    return register


def lower(leaf: Leaf, x: Feature) -> nn.Module:
    """The module of a leaf."""
    return LOWERINGS[type(leaf)](leaf, x)


@lowers(convolution.Conv)
def _conv(leaf: convolution.Conv, x: Feature) -> nn.Module:
    return modules.ConvolutionNHWC(
        x.channels, leaf.channels, leaf.kernel_size, leaf.stride, leaf.pad,
        groups=leaf.groups, bias=leaf.bias,
    )  # fmt: skip


@lowers(convolution.Linear)
def _linear(leaf: convolution.Linear, x: Feature) -> nn.Module:
    return nn.Linear(x.channels, leaf.channels, leaf.bias)


@lowers(norm.BatchNorm)
def _batch_norm(leaf: norm.BatchNorm, x: Feature) -> nn.Module:
    kind = modules.BatchNormNHWC if x.size else nn.BatchNorm1d
    return kind(x.channels, eps=leaf.eps)


@lowers(norm.LayerNorm)
def _layer_norm(leaf: norm.LayerNorm, x: Feature) -> nn.Module:
    return nn.LayerNorm(x.channels, eps=leaf.eps)


@lowers(norm.GroupNorm)
def _group_norm(leaf: norm.GroupNorm, x: Feature) -> nn.Module:
    return modules.GroupNormNHWC(leaf.groups, x.channels, eps=leaf.eps)


@lowers(pooling.MaxPool)
def _max_pool(leaf: pooling.MaxPool, x: Feature) -> nn.Module:  # noqa: ARG001
    return modules.MaxPoolNHWC(leaf.kernel_size, leaf.stride, leaf.padding)


@lowers(residual.LayerScale)
def _layer_scale(leaf: residual.LayerScale, x: Feature) -> nn.Module:
    return modules.LayerScale(x.channels, leaf.init)


def _plain(leaf: type[Leaf], module: Callable[[], nn.Module]) -> None:
    """A leaf whose module needs neither its fields nor the shape."""
    LOWERINGS[leaf] = lambda _leaf, _x: module()


_plain(norm.NoNorm, nn.Identity)
_plain(act.NoAct, nn.Identity)
_plain(residual.Identity, nn.Identity)
_plain(residual.DropPath, modules.DropPath)
_plain(pooling.GlobalAvgPool, modules.GlobalAvgPool)
_plain(act.ReLU, nn.ReLU)
_plain(act.GELU, nn.GELU)
_plain(act.SiLU, nn.SiLU)
_plain(act.HardSwish, nn.Hardswish)
