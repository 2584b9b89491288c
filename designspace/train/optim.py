"""Optimizer, learning-rate schedule, mixing and moving average: timm's, as the recipe says."""

from __future__ import annotations

import math
from typing import Any

from timm.data.mixup import Mixup
from timm.optim._optim_factory import create_optimizer_v2
from timm.scheduler.cosine_lr import CosineLRScheduler
from timm.utils.model_ema import ModelEmaV3
from torch import nn
from torch.optim import Optimizer

from designspace.spec import recipe as recipes
from designspace.spec.recipe import Recipe


def make_optimizer(model: nn.Module, recipe: Recipe) -> Optimizer:
    """The optimizer of timm; biases and one-dimensional parameters are not decayed."""
    stated = recipe.optimizer
    kind, extra = _timm_words(stated)
    return create_optimizer_v2(
        model, opt=kind, lr=recipe.learning_rate, weight_decay=stated.weight_decay, **extra
    )


def _timm_words(stated: recipes.Optimizer) -> tuple[str, dict[str, Any]]:
    match stated:
        case recipes.AdamW():
            return "adamw", {"betas": stated.betas, "eps": stated.eps}
        case recipes.Sgd():
            # timm's "sgd" is Nesterov's, its "momentum" the plain one.
            return "sgd" if stated.nesterov else "momentum", {"momentum": stated.momentum}
        case _:
            raise AssertionError(f"no lowering for {type(stated).__name__}")


def make_schedule(optimizer: Optimizer, recipe: Recipe, steps_per_epoch: int) -> CosineLRScheduler:
    """The learning rate as a function of the step: `schedule.step_update(step)` sets it.

    The cosine spans what the warm-up leaves of the run, as in the paper's code.
    """
    stated = recipe.schedule
    warmup = round(stated.warmup_epochs * steps_per_epoch)
    return CosineLRScheduler(
        optimizer,
        t_initial=max(recipe.epochs * steps_per_epoch - warmup, 1),
        lr_min=stated.min_lr,
        warmup_t=warmup,
        warmup_lr_init=stated.warmup_lr,
        warmup_prefix=True,
        t_in_epochs=False,
    )


def make_mixup(recipe: Recipe, num_classes: int) -> Mixup | None:
    """Mixup and CutMix of whole batches, with smoothed targets; None where both are off."""
    if not recipe.mixes:
        return None
    return Mixup(
        mixup_alpha=recipe.mixup,
        cutmix_alpha=recipe.cutmix,
        prob=recipe.mix_prob,
        switch_prob=recipe.mix_switch_prob,
        label_smoothing=recipe.label_smoothing,
        num_classes=num_classes,
    )


def make_ema(model: nn.Module, recipe: Recipe) -> ModelEmaV3 | None:
    """A moving average that starts as a copy of the model; None where the recipe has none."""
    if recipe.ema is None:
        return None
    return ModelEmaV3(model, decay=recipe.ema.decay, use_warmup=recipe.ema.warmup)


def current_lr(optimizer: Optimizer) -> float:
    """The learning rate that the optimizer would use now."""
    rate = float(optimizer.param_groups[0]["lr"])
    assert math.isfinite(rate)
    return rate
