"""Initial weights of a network, drawn as the recipe states."""

from __future__ import annotations

import torch
from torch import nn

from designspace.compiler import CLASSIFIER, BuiltNetwork
from designspace.spec.recipe.recipe import Recipe

SPREAD = 0.02


def initialise(model: BuiltNetwork, recipe: Recipe) -> None:
    """Draw the weights of convolutions and linear layers, unless the recipe keeps torch's own.

    `trunc_normal` follows the code of the ConvNeXt paper: standard deviation 0.02, biases zero.
    `kaiming` follows torchvision's ResNet: convolutions are scaled by their output channels
    (fan-out), and linear layers keep torch's weights. Then the classifier's parameters are
    multiplied by the recipe's `head_init_scale`, if it has one.
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
