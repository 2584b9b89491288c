"""Convolutions, norms, poolings, activations."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from designspace.compiler import modules
from designspace.compiler.depthwise import DepthwiseNHWC
from designspace.compiler.lower import LOWERINGS, lowers
from designspace.layers import act, convolution, norm, pooling, residual, response
from designspace.layers.feature import Feature
from designspace.layers.leaf import Leaf


@lowers(convolution.Conv)
def _conv(leaf: convolution.Conv, x: Feature) -> nn.Module:
    same = leaf.stride == 1 and leaf.pad == leaf.kernel_size // 2
    depthwise = leaf.groups == x.channels == leaf.channels
    kind = DepthwiseNHWC if depthwise and same else modules.ConvolutionNHWC
    return kind(
        x.channels, leaf.channels, leaf.kernel_size, leaf.stride, leaf.pad,
        groups=leaf.groups, bias=leaf.bias,
    )  # fmt: skip


@lowers(convolution.Linear)
def _linear(leaf: convolution.Linear, x: Feature) -> nn.Module:
    return nn.Linear(x.channels, leaf.channels, leaf.bias)


@lowers(norm.BatchNorm)
def _batch_norm(leaf: norm.BatchNorm, x: Feature) -> nn.Module:
    kinds = (nn.BatchNorm1d, modules.BatchNormNLC, modules.BatchNormNHWC)
    return kinds[len(x.size)](x.channels, eps=leaf.eps)


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


@lowers(pooling.AvgPool)
def _avg_pool(leaf: pooling.AvgPool, x: Feature) -> nn.Module:  # noqa: ARG001
    pad = leaf.kernel_size // 2
    return modules.AvgPoolNHWC(leaf.kernel_size, leaf.stride, pad, count_include_pad=False)


@lowers(response.GlobalResponseNorm)
def _response_norm(leaf: response.GlobalResponseNorm, x: Feature) -> nn.Module:
    return modules.ResponseNorm(x.channels, leaf.eps)
