"""Normalised batches of a split, for training and for evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from designspace.errors import InputError
from designspace.images.augmentation.augment import Augment
from designspace.images.augmentation.batch_random import Draw
from designspace.images.loading.prefetch import Batch, ahead
from designspace.images.loading.stream import Stream
from designspace.images.loading.transforms import TestLook, TrainLook
from designspace.images.loading.workers import Loading, loading
from designspace.images.pinned import to_device
from designspace.images.randomness import generator
from designspace.images.split import DecodedSplit, EncodedSplit, Split
from designspace.images.view import View
from designspace.spec.recipe.recipe import Recipe


def eval_batches(
    split: Split, view: View, batch_size: int, device: torch.device
) -> Iterator[Batch]:
    """Yield the whole split in its order: images (N, C, H, W) and labels (N,) of each batch."""
    read = _decoded if isinstance(split, DecodedSplit) else _streamed
    return ahead(read(split, view, batch_size, device), device)  # pyright: ignore[reportArgumentType]


def _decoded(
    split: DecodedSplit, view: View, batch_size: int, device: torch.device
) -> Iterator[Batch]:
    for start in range(0, len(split), batch_size):
        part = slice(start, start + batch_size)
        pixels = to_device(split.pixels[part], device)
        yield view.normalise(view.fit(pixels)), to_device(split.labels[part], device)


def _streamed(
    split: EncodedSplit, view: View, batch_size: int, device: torch.device
) -> Iterator[Batch]:
    order = [range(len(split))[i : i + batch_size] for i in range(0, len(split), batch_size)]
    how = loading(batch_size * split.channels * view.size**2)
    stream = Stream(split, TestLook(view), whole=False, device=device, how=how)
    for pixels, labels in stream.read(order, (0,)):
        yield view.normalise(to_device(pixels, device)), to_device(labels, device)


@dataclass(frozen=True)
class TrainBatches:
    """Shuffled, augmented batches, one epoch at a time.

    The last batch is left out if it is not full, because batch norm, mixup and the step count need
    equal batches. Each of several processes has its share of every batch; together they have
    exactly the batches of a single process. An accumulated batch comes part by part, and each part
    is augmented when it is its turn.

    Attributes:
        split: Split to train on.
        recipe: Recipe of the training; its batch size is that of all processes together.
        view: Input that the network sees.
        device: Device of the batches.
        seed: Seed of order and augmentation.
        rank: Number of this process, from 0.
        world: Number of processes.
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
        assert self._rows.numel() * self.world == self.recipe.batch_size

    @property
    def steps(self) -> int:
        """Number of batches per epoch."""
        return len(self.split) // self.recipe.batch_size

    @property
    def skipped(self) -> tuple[str, ...]:
        """Locations of broken images that were replaced by others so far, while reading."""
        return () if isinstance(self.split, DecodedSplit) else tuple(self._stream.broken)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on unusual conditions under which this machine reads the images."""
        if isinstance(self.split, DecodedSplit):
            return ()
        note = self._loading(self.split).note
        return (note,) if note else ()

    def epoch(self, epoch: int, start_step: int = 0) -> Iterator[Batch]:
        """Yield the batches of one epoch, part by part; equal for equal (seed, epoch).

        Args:
            epoch: Number of the epoch.
            start_step: Number of steps to skip; skipping takes no work.
        """
        draw = generator("order", self.seed, epoch)
        order = torch.randperm(len(self.split), generator=draw)
        size = self.recipe.batch_size
        order = order[: self.steps * size].view(-1, size)[start_step:, self._rows].flatten(0, 1)
        read = (
            self._taken(order) if isinstance(self.split, DecodedSplit) else self._read(order, epoch)
        )
        return ahead(self._augmented(read, epoch, start_step), self.device)

    def _augmented(self, batches: Iterator[Batch], epoch: int, step: int) -> Iterator[Batch]:
        augment = Augment(self.recipe, self.view)
        change = augment.decoded if isinstance(self.split, DecodedSplit) else augment.cropped
        for number in range(step, self.steps):
            stream = generator("augment", self.seed, epoch, number)
            whole = Draw(stream, self.recipe.batch_size)
            for rows, (pixels, labels) in zip(self._rows, batches, strict=False):
                here = whole if len(rows) == whole.count else whole.part(rows)
                yield change(pixels, here), labels

    def _taken(self, order: Tensor) -> Iterator[Batch]:
        """Yield batches from a split in memory."""
        assert isinstance(self.split, DecodedSplit)
        for index in to_device(order, self.split.labels.device):
            yield self.split.pixels.index_select(0, index), self.split.labels[index]

    def _read(self, order: Tensor, epoch: int) -> Iterator[Batch]:
        """Yield batches from a split in files."""
        for pixels, labels in self._stream.read(order.tolist(), (self.seed, epoch)):
            yield to_device(pixels, self.device), to_device(labels, self.device)

    @cached_property
    def _stream(self) -> Stream:
        assert isinstance(self.split, EncodedSplit)
        look = TrainLook(self.recipe.crop, self.view)
        how = self._loading(self.split)
        return Stream(self.split, look, whole=True, device=self.device, how=how)

    def _loading(self, split: EncodedSplit) -> Loading:
        return loading(self._rows.shape[1] * split.channels * self.view.size**2)

    @cached_property
    def _rows(self) -> Tensor:
        """Rows of a batch that this process has, for each part of the batch, int64 (parts, K)."""
        size = self.recipe.part_size
        share = rows_of(size, self.rank, self.world, paired=self.recipe.mixes)
        first = torch.arange(0, self.recipe.batch_size, size)
        return first[:, None] + torch.tensor(share)


def rows_of(batch_size: int, rank: int, world: int, *, paired: bool) -> list[int]:
    """Return the rows of a batch that one of `world` processes has.

    For example, of a batch of 8 on 2 processes, process 0 has the rows 0, 2, 4 and 6, or, paired,
    the rows 0, 2, 5 and 7: row 0 is paired with row 7, and row 2 with row 5.

    Args:
        batch_size: Number of images of all processes together.
        rank: Number of the process, from 0.
        world: Number of processes.
        paired: Whether row i and its mirror image, row batch_size - 1 - i, stay together and mirror
            each other in the share as well, because mixup and CutMix mix them with each other.

    Raises:
        InputError: The batch cannot be shared equally.
    """
    unit = 2 * world if paired else world
    if batch_size % unit:
        raise InputError(
            f"batch_size, or its part by accumulation, must be a multiple of {unit} on {world} "
            f"devices (got {batch_size})"
        )
    if not paired:
        return list(range(rank, batch_size, world))
    first = list(range(rank, batch_size // 2, world))
    return first + [batch_size - 1 - row for row in reversed(first)]
