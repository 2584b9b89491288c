"""The training loop: one epoch."""

# Torch and timm leave some types unknown.
# pyright: reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from timm.data.mixup import Mixup
from timm.scheduler.cosine_lr import CosineLRScheduler
from timm.utils.model_ema import ModelEmaV3
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_
from torch.optim import Optimizer

from designspace.errors import DivergedError
from designspace.spec.recipe import Recipe
from designspace.train.batches import Batch
from designspace.train.optim import current_lr

Progress = Callable[[int, int], None]
CHECK_EVERY = 16
"""Steps between looks at the losses: each look waits for a GPU."""


@dataclass(frozen=True)
class Trainer:
    """What takes part in a step."""

    model: nn.Module
    optimizer: Optimizer
    schedule: CosineLRScheduler
    mixup: Mixup | None
    ema: ModelEmaV3 | None
    recipe: Recipe
    device: torch.device

    def epoch(
        self, number: int, batches: Iterable[Batch], steps: int, progress: Progress | None = None
    ) -> float:
        """Trains epoch `number` (from 1) of `steps` batches; returns the mean loss.

        Raises:
            DivergedError: for a loss that is not finite, naming the first such step.
        """
        self.model.train()
        losses: list[Tensor] = []
        for step, (images, labels) in enumerate(batches, start=1):
            self.schedule.step_update((number - 1) * steps + step - 1)
            losses.append(self._step(images, labels))
            if self.ema is not None:
                self.ema.update(self.model, step=(number - 1) * steps + step)
            if step % CHECK_EVERY == 0:
                self._check(losses, number)
            if progress is not None:
                progress(step, steps)
        self._check(losses, number)
        return float(torch.stack(losses).mean())

    def _step(self, images: Tensor, labels: Tensor) -> Tensor:
        target = labels
        if self.mixup is not None:
            images, target = self.mixup(images, labels)
        # A mixed target is smoothed already.
        smoothing = self.recipe.label_smoothing if self.mixup is None else 0.0
        with autocast(self.recipe, self.device):
            logits = self.model(images)
        loss = functional.cross_entropy(logits.float(), target, label_smoothing=smoothing)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if self.recipe.grad_clip is not None:
            clip_grad_norm_(self.model.parameters(), self.recipe.grad_clip)
        self.optimizer.step()
        return loss.detach()

    def _check(self, losses: list[Tensor], epoch: int) -> None:
        finite = torch.stack(losses[-CHECK_EVERY:]).isfinite()
        if not bool(finite.all()):
            first = len(losses) - len(finite) + int(finite.logical_not().nonzero()[0])
            raise DivergedError(epoch, first + 1, current_lr(self.optimizer))


def autocast(recipe: Recipe, device: torch.device) -> torch.autocast:
    """The forward pass in the recipe's precision."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=recipe.precision == "bfloat16")
