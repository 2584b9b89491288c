"""Batches of a split that is read from its files, by worker processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from designspace.errors import InputError
from designspace.spec.crops import PadCrop, ResizedCrop
from designspace.spec.recipe import Recipe
from designspace.train.augment import policy_of
from designspace.train.decode import UNREADABLE, open_image, resize_and_crop, to_bytes
from designspace.train.randomness import seed_everything
from designspace.train.split import Files
from designspace.train.view import View

Transform = Callable[[Image.Image], Tensor]
Item = tuple[Tensor | None, int, str]
"""An image or None, its label, and why it could not be read."""


@dataclass(frozen=True)
class EvalTransform:
    """The view's center crop of one image."""

    view: View

    def __call__(self, image: Image.Image) -> Tensor:
        """Bytes (C, H, W)."""
        side, mode = self.view.covering, self.view.test.interpolation
        return to_bytes(resize_and_crop(image, (side, side), mode, self.view.size))


class TrainTransform:
    """The recipe's crop and RandAugment of one image; flip and the rest are done on the batch."""

    def __init__(self, recipe: Recipe, view: View) -> None:
        self._crop, self._size = recipe.crop, view.size
        self._policy = policy_of(recipe, view)

    def __call__(self, image: Image.Image) -> Tensor:
        """Bytes (C, H, W)."""
        cropped = self._cropped(image)
        return to_bytes(self._policy(cropped) if self._policy else cropped)

    def _cropped(self, image: Image.Image) -> Image.Image:
        if isinstance(self._crop, ResizedCrop):
            mode = v2.InterpolationMode(self._crop.interpolation)
            scale, ratio = self._crop.scale, self._crop.ratio
            return v2.RandomResizedCrop(self._size, scale, ratio, interpolation=mode)(image)
        fitted = resize_and_crop(image, (self._size, self._size))
        if isinstance(self._crop, PadCrop):
            return v2.RandomCrop(self._size, padding=self._crop.padding)(fitted)
        return fitted


class _Read(Dataset[Item]):
    """Reads and transforms one file; its random streams depend on (key, index) alone."""

    def __init__(self, split: Files, transform: Transform, key: Sequence[int | str]) -> None:
        self._split, self._transform, self._key = split, transform, tuple(key)

    def __len__(self) -> int:
        return len(self._split)

    def __getitem__(self, index: int) -> Item:
        # In a worker process: whatever the number of workers, an image is augmented the same.
        seed_everything(*self._key, index)
        path, label = self._split.paths[index], int(self._split.labels[index])
        try:
            return self._transform(open_image(path, self._split.channels)), label, ""
        except UNREADABLE as error:
            return None, label, f"{path}: unreadable image ({error})"


def workers() -> int:
    """Worker processes: one for each core that this process may use, at most 8."""
    free = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(8, free or 1)


def stream(
    split: Files,
    order: Sequence[int],
    batch_size: int,
    transform: Transform,
    key: Sequence[int | str],
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of bytes (N, C, H, W) and labels, in the given order.

    Raises:
        InputError: for an unreadable image, unless the split skips those.
    """
    loader = DataLoader(
        _Read(split, transform, key),
        batch_sampler=[list(order[i : i + batch_size]) for i in range(0, len(order), batch_size)],
        num_workers=workers(),
        collate_fn=_collate,
        pin_memory=torch.cuda.is_available(),
    )
    for images, labels, broken in loader:
        if broken and not split.skip_broken:
            file, _, message = broken[0].partition(": ")
            raise InputError(message, file=file)
        if images is not None:
            yield images, labels


def _collate(items: list[Item]) -> tuple[Tensor | None, Tensor, list[str]]:
    read = [(image, label) for image, label, _ in items if image is not None]
    broken = [message for image, _, message in items if image is None]
    labels = torch.tensor([label for _, label in read], dtype=torch.int64)
    images = torch.stack([image for image, _ in read]) if read else None
    return images, labels, broken
