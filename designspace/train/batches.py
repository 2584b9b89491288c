"""Normalised batches of a split, for training and for measuring."""

# Torch and timm leave some types unknown.
# pyright: reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from timm.data.random_erasing import RandomErasing
from torch import Tensor

from designspace.errors import InputError
from designspace.spec.recipe import Recipe
from designspace.train.augment import Augment, flip
from designspace.train.randomness import generator
from designspace.train.split import Images, Split
from designspace.train.stream import EvalTransform, TrainTransform, stream
from designspace.train.view import View

Batch = tuple[Tensor, Tensor]


def eval_batches(
    split: Split, view: View, batch_size: int, device: torch.device
) -> Iterator[Batch]:
    """The whole split in its order: images (N, C, H, W) and labels (N,)."""
    if isinstance(split, Images):
        for start in range(0, len(split), batch_size):
            part = slice(start, start + batch_size)
            pixels = split.pixels[part].to(device)
            yield view.normalise(view.fit(pixels)), split.labels[part].to(device)
        return
    for pixels, labels in stream(split, range(len(split)), batch_size, EvalTransform(view), (0,)):
        yield view.normalise(pixels.to(device)), labels.to(device)


@dataclass(frozen=True)
class TrainBatches:
    """Shuffled, augmented batches, an epoch at a time.

    The last batch is left out where it is not full: batch norm, mixup and the step count want
    equal batches.
    """

    split: Split
    recipe: Recipe
    view: View
    device: torch.device
    seed: int

    def __post_init__(self) -> None:
        if self.steps == 0:
            raise InputError(
                f"batch_size {self.recipe.batch_size} is larger than the training split "
                f"({len(self.split)} images)"
            )

    @property
    def steps(self) -> int:
        """Batches an epoch."""
        return len(self.split) // self.recipe.batch_size

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of one epoch; the same for the same (seed, epoch)."""
        draw = generator("order", self.seed, epoch)
        order = torch.randperm(len(self.split), generator=draw)
        order = order[: self.steps * self.recipe.batch_size]
        erase = RandomErasing(self.recipe.random_erasing, mode="pixel", device=str(self.device))
        for pixels, labels in self._augmented(order, epoch):
            images = self.view.normalise(pixels)
            yield (erase(images) if self.recipe.random_erasing else images), labels

    def _augmented(self, order: Tensor, epoch: int) -> Iterator[Batch]:
        draw = generator("augment", self.seed, epoch)
        size = self.recipe.batch_size
        if isinstance(self.split, Images):
            augment = Augment(self.recipe, self.view)
            for index in order.to(self.split.labels.device).split(size):
                yield augment(self.split.pixels[index], draw), self.split.labels[index]
            return
        transform = TrainTransform(self.recipe, self.view)
        key = (self.seed, epoch)
        for pixels, labels in stream(self.split, order.tolist(), size, transform, key):
            usable = len(labels) - len(labels) % 2 if self.recipe.mixes else len(labels)
            flipped = flip(pixels[:usable].to(self.device), self.recipe.flip, draw)
            yield flipped, labels[:usable].to(self.device)
