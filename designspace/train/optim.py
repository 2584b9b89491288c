"""Optimizer, learning-rate schedule, mixing (timm's) and moving average, as the recipe says."""

from __future__ import annotations

import math
from typing import Any

from timm.data.mixup import Mixup
from timm.optim._optim_factory import create_optimizer_v2
from timm.scheduler.cosine_lr import CosineLRScheduler
from timm.scheduler.multistep_lr import MultiStepLRScheduler
from timm.scheduler.scheduler import Scheduler
from torch.optim import Optimizer

from designspace.compiler import Compiled
from designspace.spec import optimizers
from designspace.spec.recipe import Recipe
from designspace.spec.schedules import Cosine, Steps
from designspace.train.average import MovingAverage
from designspace.train.parameters import layer_groups


def make_optimizer(model: Compiled, recipe: Recipe) -> Optimizer:
    """The optimizer of timm, with its groups of parameters, in one fused step."""
    stated = recipe.optimizer
    kind, extra = _timm_words(stated)
    if stated.layer_decay is not None:
        params: Any = layer_groups(model, stated.layer_decay, stated.weight_decay)
    elif stated.decays == "all":
        params = list(model.parameters())
    else:
        params = model  # timm spares vectors, biases and what `no_weight_decay` names
    return create_optimizer_v2(
        params,
        opt=kind,
        lr=recipe.learning_rate,
        weight_decay=stated.weight_decay,
        fused=True,
        **extra,
    )


def _timm_words(stated: optimizers.Optimizer) -> tuple[str, dict[str, Any]]:
    match stated:
        case optimizers.AdamW():
            return "adamw", {"betas": stated.betas, "eps": stated.eps}
        case optimizers.Sgd():
            # timm's "sgd" is Nesterov's, its "momentum" the plain one.
            return "sgd" if stated.nesterov else "momentum", {"momentum": stated.momentum}
        case _:
            raise AssertionError(f"no lowering for {type(stated).__name__}")


def make_schedule(optimizer: Optimizer, recipe: Recipe, steps_per_epoch: int) -> Scheduler:
    """The learning rate as a function of the step: `schedule.step_update(step)` sets it.

    A cosine spans what the warm-up leaves of the run, as in the paper's code.
    """
    stated = recipe.schedule
    warmup = round(stated.warmup_epochs * steps_per_epoch)
    common: dict[str, Any] = {
        "warmup_t": warmup,
        "warmup_lr_init": stated.warmup_lr,
        "t_in_epochs": False,
    }
    match stated:
        case Cosine():
            left = max(recipe.epochs * steps_per_epoch - warmup, 1)
            return CosineLRScheduler(
                optimizer, t_initial=left, lr_min=stated.min_lr, warmup_prefix=True, **common
            )
        case Steps():
            # timm compares a milestone with the next step, not with this one.
            milestones = [epoch * steps_per_epoch + 1 for epoch in stated.milestones]
            return MultiStepLRScheduler(
                optimizer, milestones, stated.factor, warmup_prefix=False, **common
            )
        case _:
            raise AssertionError(f"no lowering for {type(stated).__name__}")


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


def make_ema(model: Compiled, recipe: Recipe) -> MovingAverage[Compiled] | None:
    """A moving average that starts as a copy of the model; None where the recipe has none."""
    if recipe.ema is None:
        return None
    return MovingAverage(model, recipe.ema.decay, warmup=recipe.ema.warmup)


def current_lr(optimizer: Optimizer) -> float:
    """The learning rate that the optimizer would use now, of its layer with the highest."""
    rate = max(float(group["lr"]) for group in optimizer.param_groups)
    assert math.isfinite(rate)
    return rate
