"""Optimizer, mixing (timm's) and moving average of a recipe."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from torch.optim import Optimizer

from designspace.compiler import BuiltNetwork
from designspace.spec.recipe import optimizers
from designspace.spec.recipe.recipe import Recipe
from designspace.training.optimisation.average import MovingAverage
from designspace.training.optimisation.eager import EagerAdamW, EagerSgd
from designspace.training.optimisation.parameters import decay_groups, layer_groups

if TYPE_CHECKING:
    from timm.data.mixup import Mixup


def make_optimizer(model: BuiltNetwork, recipe: Recipe) -> Optimizer:
    """Build the optimizer of a recipe, with timm's groups of parameters and one fused step."""
    stated, rate = recipe.optimizer, recipe.learning_rate
    params: Any
    if stated.layer_decay is not None:
        params, decay = layer_groups(model, stated.layer_decay, stated.weight_decay), 0.0
    elif stated.decays == "all":
        params, decay = list(model.parameters()), stated.weight_decay
    else:
        params, decay = decay_groups(model, stated.weight_decay), 0.0
    match stated:
        case optimizers.AdamW():
            return EagerAdamW(
                params, rate, stated.betas, stated.eps, weight_decay=decay, fused=True
            )
        case optimizers.Sgd():
            return EagerSgd(
                params,
                rate,
                stated.momentum,
                weight_decay=decay,
                nesterov=stated.nesterov,
                fused=True,
            )
        case _:
            raise AssertionError(f"no lowering for {type(stated).__name__}")


def make_mixup(recipe: Recipe, num_classes: int) -> Mixup | None:
    """Build mixup and CutMix of whole batches, with smoothed targets; None if both are off."""
    if not recipe.mixes:
        return None
    from timm.data.mixup import Mixup  # takes seconds, so only recipes that mix import it

    return Mixup(
        mixup_alpha=recipe.mixup,
        cutmix_alpha=recipe.cutmix,
        prob=recipe.mix_prob,
        switch_prob=recipe.mix_switch_prob,
        label_smoothing=recipe.label_smoothing,
        num_classes=num_classes,
    )


def make_ema(model: BuiltNetwork, recipe: Recipe) -> MovingAverage[BuiltNetwork] | None:
    """Build a moving average that starts as a copy of the model; None if the recipe has none."""
    if recipe.ema is None:
        return None
    return MovingAverage(model, recipe.ema.decay, warmup=recipe.ema.warmup)


def current_lr(optimizer: Optimizer) -> float:
    """Return the optimizer's current learning rate, the highest of its groups."""
    rate = max(float(group["lr"]) for group in optimizer.param_groups)
    assert math.isfinite(rate)
    return rate
