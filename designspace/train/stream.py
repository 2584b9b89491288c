"""Batches of a split that is read from its files, by worker processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from designspace.errors import InputError
from designspace.spec.recipe import PadCrop, Recipe, ResizedCrop
from designspace.train.augment import policy_of
from designspace.train.decode import UNREADABLE, open_image, resize_and_crop, to_bytes
from designspace.train.randomness import seed_everything
from designspace.train.split import Files
from designspace.train.view import View, center_crop

Transform = Callable[[Image.Image], Tensor]
Item = tuple[Tensor | None, int, str]
"""An image or None, its label, and why it could not be read."""


def eval_transform(view: View) -> Transform:
    """The view's center crop of one image."""

    def apply(image: Image.Image) -> Tensor:
        covering = resize_and_crop(image, (view.covering, view.covering))
        return center_crop(to_bytes(covering)[None], view.size)[0]

    return apply


def train_transform(recipe: Recipe, view: View) -> Transform:
    """The recipe's crop and RandAugment of one image; flip and the rest are done on the batch."""
    crop, policy = _crop(recipe, view), policy_of(recipe, view)

    def apply(image: Image.Image) -> Tensor:
        cropped = crop(image)
        return to_bytes(policy(cropped) if policy else cropped)

    return apply


def _crop(recipe: Recipe, view: View) -> Callable[[Image.Image], Image.Image]:
    if isinstance(recipe.crop, ResizedCrop):
        mode = v2.InterpolationMode(recipe.crop.interpolation)
        scale, ratio = recipe.crop.scale, recipe.crop.ratio
        return v2.RandomResizedCrop(view.size, scale, ratio, interpolation=mode)
    steps: list[Callable[[Image.Image], Image.Image]] = [
        lambda image: resize_and_crop(image, (view.size, view.size))
    ]
    if isinstance(recipe.crop, PadCrop):
        steps.append(v2.RandomCrop(view.size, padding=recipe.crop.padding))
    return v2.Compose(steps)


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
        num_workers=min(8, max(1, len(os.sched_getaffinity(0)))),
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
