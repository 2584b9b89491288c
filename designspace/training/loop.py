"""The training loop: one epoch.

A step updates the weights once. It may accumulate several parts: with a batch of 8 images, two
parts and two processes, each process computes the gradients of 2 images twice, adds them up, and
the processes average the sums once, with the second part. A single process with one part of 8
images takes the same step up to rounding, unless the step has random layers or looks at whole
batches (batch norm, mixup).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import clip_grad_norm_
from torch.optim import Optimizer

from designspace import stopping
from designspace.images.loading.batches import Batch
from designspace.images.loading.step_parts import by_step
from designspace.images.randomness import seed_step
from designspace.spec.recipe.recipe import Recipe
from designspace.training.clock import Clock
from designspace.training.distributed import Group
from designspace.training.divergence import CHECK_EVERY, check
from designspace.training.optimisation.average import MovingAverage
from designspace.training.optimisation.from_recipe import current_lr
from designspace.training.optimisation.schedule import Schedule

if TYPE_CHECKING:
    from timm.data.mixup import Mixup

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Position:
    """A position inside an epoch.

    Attributes:
        step: Number of steps done.
        losses: Loss of each of these steps, mean over the processes.
    """

    step: int = 0
    losses: tuple[float, ...] = ()


@dataclass(frozen=True)
class Trainer:
    """The objects that take part in a training step.

    Attributes:
        model: Network whose weights are trained.
        forward: The same network as training calls it: compiled, or wrapped for several processes.
        optimizer: Optimizer of the weights.
        schedule: Learning rate by step.
        mixup: Mixing of whole batches; None if the recipe does not mix.
        ema: Moving average of the weights; None if the recipe has none.
        recipe: Recipe of the training.
        device: Device of the model and of the batches.
        seed: Seed of the random numbers of every step.
        group: Processes that train together.
    """

    model: nn.Module
    forward: nn.Module
    optimizer: Optimizer
    schedule: Schedule
    mixup: Mixup | None
    ema: MovingAverage[Any] | None
    recipe: Recipe
    device: torch.device
    seed: int
    group: Group

    def epoch(
        self,
        number: int,
        batches: Iterable[Batch],
        steps: int,
        clock: Clock,
        after: Callable[[int, list[Tensor]], None],
        start: Position,
    ) -> float:
        """Train one epoch and return the mean loss of its steps.

        Every random number of a step derives from (seed, epoch, step), so that training can enter
        the epoch at any step. The caller decides whether arithmetic is fast or exact.

        Args:
            number: Number of the epoch, from 1.
            batches: Batches from `start` on, part by part.
            steps: Number of steps of the whole epoch.
            clock: Stopwatch for the phases of each step.
            after: Callback after each step, with the number of steps done and the losses known so
                far. A single process knows the losses of all steps done; several processes share
                their mean losses once per CHECK_EVERY steps.
            start: Position at which training enters the epoch.

        Raises:
            DivergedError: A loss is not finite; the error names the first such step.
        """
        self.forward.train()
        if self.ema is not None:
            self.ema.follow(self.model)
        losses = list(torch.tensor(start.losses, device=self.device).unbind())
        unshared: list[Tensor] = []
        clock.start()
        share = self.recipe.part_size // self.group.world
        parted = by_step(batches, self.recipe.parts, share)
        for step, parts in enumerate(parted, start.step + 1):
            clock.lap("data")
            stopping.check()
            done = (number - 1) * steps + step
            self.schedule.step_update(done - 1)
            seed_step(self.seed, number, step, rank=self.group.rank)
            unshared.append(self._step(parts, clock))
            if self.ema is not None:
                self.ema.update(step=done)
            look = step % CHECK_EVERY == 0
            if look or self.group.world == 1:
                losses += self.group.means(unshared)
                unshared.clear()
            clock.lap("step")
            if look:
                check(losses, number, current_lr(self.optimizer))
                clock.read()
            after(step, losses)
        losses += self.group.means(unshared)
        check(losses, number, current_lr(self.optimizer))
        return float(torch.stack(losses).mean())

    def _step(self, parts: Iterable[Batch], clock: Clock) -> Tensor:
        """Update the weights by the mean gradient of the parts.

        Returns:
            The mean loss of this process's images.
        """
        count = self.recipe.parts
        self.optimizer.zero_grad(set_to_none=True)
        losses: list[Tensor] = []
        for number, part in enumerate(parts, start=1):
            if number > 1:
                clock.lap("data")
            with self._gathering(last=number == count):
                loss = self._loss(part, clock)
                clock.lap("forward")
                (loss / count if count > 1 else loss).backward()
                clock.lap("backward")
            losses.append(loss.detach())
        if self.recipe.grad_clip is not None:
            clip_grad_norm_(self._parameters, self.recipe.grad_clip)
        self.optimizer.step()
        return torch.stack(losses).mean() if count > 1 else losses[0]

    @cached_property
    def _parameters(self) -> list[nn.Parameter]:
        """The model's parameters, listed once: listing takes longer than launching the clipping."""
        return list(self.model.parameters())

    def _loss(self, part: Batch, clock: Clock) -> Tensor:
        images, labels = part
        target = labels
        if self.mixup is not None:
            images, target = self.mixup(images, labels)
            clock.lap("data")
        # Mixup has smoothed its targets already.
        smoothing = self.recipe.label_smoothing if self.mixup is None else 0.0
        with autocast(self.recipe, self.device):
            logits = self.forward(images)
        return functional.cross_entropy(logits.float(), target, label_smoothing=smoothing)

    def _gathering(self, *, last: bool) -> AbstractContextManager[None]:
        """Return a context in which only the last part averages gradients over the processes."""
        inner = getattr(self.forward, "_orig_mod", self.forward)  # torch.compile wraps it
        if last or not isinstance(inner, DistributedDataParallel):
            return nullcontext()
        return inner.no_sync()


def autocast(recipe: Recipe, device: torch.device) -> torch.autocast:
    """Return the context in which the forward pass uses the recipe's precision."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=recipe.precision == "bfloat16")
