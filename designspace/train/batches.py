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
from designspace.train.randomness import generator, own_streams
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
    equal batches. Of several processes each has its share of every batch; together they have the
    very batches that one process alone would have.

    Attributes:
        split: what to train on.
        recipe: its batch size is that of all processes together.
        view: the input that the network sees.
        device: where the batches go.
        seed: of order and augmentation.
        rank: of this process.
        world: how many processes there are.
    """

    split: Split
    recipe: Recipe
    view: View
    device: torch.device
    seed: int
    rank: int = 0
    world: int = 1

    def __post_init__(self) -> None:
        if self.steps == 0:
            raise InputError(
                f"batch_size {self.recipe.batch_size} is larger than the training split "
                f"({len(self.split)} images)"
            )
        self._rows()

    @property
    def steps(self) -> int:
        """Batches an epoch."""
        return len(self.split) // self.recipe.batch_size

    def epoch(self, epoch: int, start_step: int = 0) -> Iterator[Batch]:
        """The batches of one epoch; the same for the same (seed, epoch).

        Args:
            epoch: which one.
            start_step: how many batches to leave out, without any work for them.
        """
        draw = generator("order", self.seed, epoch)
        order = torch.randperm(len(self.split), generator=draw)
        order = order[start_step * self.recipe.batch_size : self.steps * self.recipe.batch_size]
        erase = RandomErasing(self.recipe.random_erasing, mode="pixel", device=str(self.device))
        rows = self._rows()
        batches = self._augmented(order, epoch, start_step)
        for step, (pixels, labels) in enumerate(batches, start_step):
            images = self.view.normalise(pixels)
            if self.recipe.random_erasing:
                with own_streams("erase", self.seed, epoch, step):
                    images = erase(images)
            yield (images, labels) if self.world == 1 else (images[rows], labels[rows])

    def _rows(self) -> list[int]:
        """This process's rows: its share of each of the parts that the recipe cuts a step into."""
        size = self.recipe.batch_size // self.recipe.parts
        share = rows_of(size, self.rank, self.world, paired=self.recipe.mixes)
        return [part * size + row for part in range(self.recipe.parts) for row in share]

    def _augmented(self, order: Tensor, epoch: int, start_step: int) -> Iterator[Batch]:
        size = self.recipe.batch_size
        if isinstance(self.split, Images):
            augment = Augment(self.recipe, self.view)
            for step in range(start_step, self.steps):
                first = (step - start_step) * size
                index = order[first : first + size].to(self.split.labels.device)
                key = ("augment", self.seed, epoch, step)
                with own_streams(*key):
                    pixels = augment(self.split.pixels[index], generator(*key))
                yield pixels, self.split.labels[index]
            return
        transform = TrainTransform(self.recipe, self.view)
        batches = stream(self.split, order.tolist(), size, transform, (self.seed, epoch))
        for step, (pixels, labels) in enumerate(batches, start_step):
            usable = len(labels) - len(labels) % 2 if self.recipe.mixes else len(labels)
            draw = generator("augment", self.seed, epoch, step)
            flipped = flip(pixels[:usable].to(self.device), self.recipe.flip, draw)
            yield flipped, labels[:usable].to(self.device)


def rows_of(batch_size: int, rank: int, world: int, *, paired: bool) -> list[int]:
    """The rows of a batch that one of `world` processes has.

    Args:
        batch_size: of all processes together.
        rank: of the process.
        world: how many processes there are.
        paired: row i and its mirror image, row batch_size - 1 - i, stay together and mirror each
            other in the share as well: mixup and cutmix mix each with the other.

    Raises:
        InputError: where the batch cannot be shared equally.
    """
    unit = 2 * world if paired else world
    if batch_size % unit:
        raise InputError(f"batch_size {batch_size} must be a multiple of {unit} on {world} devices")
    if not paired:
        return list(range(rank, batch_size, world))
    first = list(range(rank, batch_size // 2, world))
    return first + [batch_size - 1 - row for row in reversed(first)]
