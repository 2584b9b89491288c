"""Lowerings of convolutions, norms, poolings and activations."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from designspace.compiler import modules
from designspace.compiler.kernels.depthwise import DepthwiseConv
from designspace.compiler.kernels.pointwise import PointwiseConv, TokenLinear
from designspace.compiler.kernels.response import MapResponseNorm, ResponseNorm
from designspace.compiler.lower import LOWERINGS, lowers
from designspace.layers.feature import Feature
from designspace.layers.leaf import Leaf
from designspace.layers.leaves import act, convolution, norm, pooling, residual, response


def _is_map(x: Feature) -> bool:
    """Return whether tensors of this feature are (batch, channels, height, width)."""
    return len(x.size) == 2


@lowers(convolution.Conv)
def _conv(leaf: convolution.Conv, x: Feature) -> nn.Module:
    (height, width), pads = leaf.kernel, leaf.pads
    square = height == width and leaf.dilation == 1
    same = leaf.stride == 1 and pads == (height // 2, height // 2)
    depthwise = leaf.groups == x.channels == leaf.channels
    if depthwise and same and square:
        return DepthwiseConv(
            x.channels, leaf.channels, height, 1, pads[0], groups=leaf.groups, bias=leaf.bias
        )
    return nn.Conv2d(
        x.channels, leaf.channels, leaf.kernel, leaf.stride, pads,
        dilation=leaf.dilation, groups=leaf.groups, bias=leaf.bias,
    )  # fmt: skip


@lowers(convolution.Linear)
def _linear(leaf: convolution.Linear, x: Feature) -> nn.Module:
    kinds = (nn.Linear, TokenLinear, PointwiseConv)
    return kinds[len(x.size)](x.channels, leaf.channels, leaf.bias)


@lowers(norm.BatchNorm)
def _batch_norm(leaf: norm.BatchNorm, x: Feature) -> nn.Module:
    kinds = (nn.BatchNorm1d, modules.TokenBatchNorm, nn.BatchNorm2d)
    return kinds[len(x.size)](x.channels, eps=leaf.eps)


@lowers(norm.LayerNorm)
def _layer_norm(leaf: norm.LayerNorm, x: Feature) -> nn.Module:
    kind = modules.MapLayerNorm if _is_map(x) else nn.LayerNorm
    return kind(x.channels, eps=leaf.eps, bias=leaf.bias)


@lowers(norm.RMSNorm)
def _rms_norm(leaf: norm.RMSNorm, x: Feature) -> nn.Module:
    kind = modules.MapRMSNorm if _is_map(x) else nn.RMSNorm
    return kind(x.channels, eps=leaf.eps)


@lowers(norm.GroupNorm)
def _group_norm(leaf: norm.GroupNorm, x: Feature) -> nn.Module:
    kind = modules.TokenGroupNorm if len(x.size) == 1 else nn.GroupNorm
    module = kind(leaf.groups, x.channels, eps=leaf.eps)
    if not leaf.bias:
        module.register_parameter("bias", None)  # torch has no argument for it
    return module


@lowers(pooling.MaxPool)
def _max_pool(leaf: pooling.MaxPool, x: Feature) -> nn.Module:  # noqa: ARG001
    return nn.MaxPool2d(leaf.kernel_size, leaf.stride, leaf.padding)


@lowers(residual.LayerScale)
def _layer_scale(leaf: residual.LayerScale, x: Feature) -> nn.Module:
    kind = modules.MapLayerScale if _is_map(x) else modules.LayerScale
    return kind(x.channels, leaf.init)


def _plain(leaf: type[Leaf], module: Callable[[], nn.Module]) -> None:
    """Register a leaf whose module needs neither its fields nor the shape."""
    LOWERINGS[leaf] = lambda _leaf, _x: module()


_plain(norm.NoNorm, nn.Identity)
_plain(act.NoAct, nn.Identity)
_plain(residual.Identity, nn.Identity)
_plain(residual.Zero, modules.Zero)
_plain(residual.DropPath, modules.DropPath)
_plain(act.ReLU, nn.ReLU)
_plain(act.ReLU6, nn.ReLU6)
_plain(act.GELU, nn.GELU)
_plain(act.SiLU, nn.SiLU)
_plain(act.HardSwish, nn.Hardswish)
_plain(act.Sigmoid, nn.Sigmoid)
_plain(act.HardSigmoid, nn.Hardsigmoid)


@lowers(pooling.GlobalAvgPool)
def _global_avg_pool(leaf: pooling.GlobalAvgPool, x: Feature) -> nn.Module:
    if leaf.keep_dims:
        return modules.KeptMean((2, 3) if _is_map(x) else (1,))
    return modules.MapMean() if _is_map(x) else modules.TokenMean()


@lowers(pooling.AvgPool)
def _avg_pool(leaf: pooling.AvgPool, x: Feature) -> nn.Module:  # noqa: ARG001
    pad = leaf.kernel_size // 2
    return nn.AvgPool2d(leaf.kernel_size, leaf.stride, pad, count_include_pad=False)


@lowers(response.GlobalResponseNorm)
def _response_norm(leaf: response.GlobalResponseNorm, x: Feature) -> nn.Module:
    kind = MapResponseNorm if _is_map(x) else ResponseNorm
    return kind(x.channels, leaf.eps)
