"""A copy of a network made of torch's own classes, for tools that look up the exact class."""

# Torch leaves some types unknown.
# pyright: reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from designspace.compiler.kernels.depthwise import DepthwiseConv
from designspace.compiler.kernels.pointwise import PointwiseConv, TokenLinear


def with_plain_layers(model: nn.Module) -> nn.Module:
    """Copy a network and replace our own layer classes with `nn.Conv2d` and `nn.Linear`.

    thop, the `pytorch` backend of ptflops and torch's quantisation of convolutions with batch norms
    need this. The copy computes the same function and may be slower. The names of its state dict
    are the same; the weights of pointwise layers on maps get two axes of size 1 at the end.

    Args:
        model: Network of this package, or a module that contains one. It is not changed.
    """
    copied = copy.deepcopy(model)
    modules: dict[str, nn.Module] = dict(copied.named_modules())
    for path, module in modules.items():
        layer = _plain(module)
        if layer is not None:
            layer.train(module.training)
            copied.set_submodule(path, layer)
    return copied


def _plain(module: nn.Module) -> nn.Module | None:
    layer: Any
    if isinstance(module, PointwiseConv):
        layer = nn.Conv2d(module.in_features, module.out_features, 1, device="meta")
        kernel = module.weight.detach()[:, :, None, None]
        layer.weight = nn.Parameter(kernel, module.weight.requires_grad)
    elif isinstance(module, TokenLinear):
        layer = nn.Linear(module.in_features, module.out_features, device="meta")
        layer.weight = module.weight
    elif isinstance(module, DepthwiseConv):
        sizes: Any = module  # torch types them as tuples of any length
        layer = nn.Conv2d(
            module.in_channels, module.out_channels, sizes.kernel_size, stride=sizes.stride,
            padding=sizes.padding, dilation=sizes.dilation, groups=module.groups, device="meta",
        )  # fmt: skip
        layer.weight = module.weight
    else:
        return None
    layer.bias = module.bias
    return layer
