"""The first weights, as the recipe says."""

from __future__ import annotations

from torch import nn

from designspace.spec.recipe import Recipe

SPREAD = 0.02


def initialise(model: nn.Module, recipe: Recipe) -> None:
    """Draws the weights of convolutions and linear layers anew, unless torch's own are wanted.

    `trunc_normal` is that of the ConvNeXt paper's code: spread 0.02, biases zero.
    """
    if recipe.init == "torch":
        return
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.trunc_normal_(module.weight, std=SPREAD)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
