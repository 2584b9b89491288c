"""The first weights, as the recipe says."""

from __future__ import annotations

import torch
from torch import nn

from designspace.compiler import CLASSIFIER, BuiltNetwork
from designspace.spec.recipe.recipe import Recipe

SPREAD = 0.02


def initialise(model: BuiltNetwork, recipe: Recipe) -> None:
    """Draws the weights of convolutions and linear layers anew, unless torch's own are wanted.

    `trunc_normal` is that of the ConvNeXt paper's code: spread 0.02, biases zero; `kaiming` that of
    torchvision's ResNet: convolutions by the channels that they give, linear layers as torch.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            _draw(module, recipe)
    if recipe.head_init_scale is not None:
        with torch.no_grad():
            for parameter in model.get_submodule(CLASSIFIER).parameters():
                parameter.mul_(recipe.head_init_scale)


def _draw(module: nn.Conv2d | nn.Linear, recipe: Recipe) -> None:
    if recipe.init == "trunc_normal":
        nn.init.trunc_normal_(module.weight, std=SPREAD)
    elif recipe.init == "kaiming" and isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)
