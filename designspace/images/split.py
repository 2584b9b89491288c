"""A split of a data set: either bytes in memory, or encoded images that are read as needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from designspace.images.files.store import Store


@dataclass(frozen=True)
class DecodedSplit:
    """A split that was decoded once.

    Attributes:
        pixels: uint8 (N, C, H, W).
        labels: int64 (N,).
    """

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Sequence[int]) -> DecodedSplit:
        """The images at `indices`, in that order."""
        index = torch.as_tensor(indices, dtype=torch.int64)
        return DecodedSplit(self.pixels[index], self.labels[index])

    def joined(self, other: DecodedSplit) -> DecodedSplit:
        """This split followed by another one."""
        return DecodedSplit(
            torch.cat([self.pixels, other.pixels]), torch.cat([self.labels, other.labels])
        )

    def to(self, device: torch.device) -> DecodedSplit:
        """The same split on another device."""
        return DecodedSplit(self.pixels.to(device), self.labels.to(device))


@dataclass(frozen=True)
class EncodedSplit:
    """A split of images as their files have them: JPEG, PNG, WebP...

    Attributes:
        store: where the bytes of a whole source lie.
        members: which of the store's images these are, int64 (N,).
        labels: int64 (N,).
        channels: 1 for gray, 3 for RGB; every image is converted.
        skip_broken: do without unreadable images instead of stopping.
    """

    store: Store
    members: Tensor
    labels: Tensor
    channels: int = 3
    skip_broken: bool = False

    def __len__(self) -> int:
        return len(self.labels)

    def read(self, index: int, limit: int | None = None) -> bytes:
        """An image's bytes, or the first `limit` of them."""
        return self.store.read(int(self.members[index]), limit)

    def where(self, index: int) -> str:
        """An image's place, for people."""
        return self.store.where(int(self.members[index]))

    def take(self, indices: Sequence[int]) -> EncodedSplit:
        """The images at `indices`, in that order."""
        index = torch.as_tensor(indices, dtype=torch.int64)
        return replace(self, members=self.members[index], labels=self.labels[index])

    def joined(self, other: EncodedSplit) -> EncodedSplit:
        """This split followed by another one of the same source."""
        assert self.store is other.store
        members = torch.cat([self.members, other.members])
        return replace(self, members=members, labels=torch.cat([self.labels, other.labels]))


Split = DecodedSplit | EncodedSplit


@dataclass(frozen=True)
class Skipped:
    """An image that was left out: where it lies, and why it could not be read."""

    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}"


@dataclass(frozen=True)
class Source:
    """The splits that a source has of its own, before any other is drawn from them.

    Attributes:
        name: for people.
        classes: names, in the order of the labels.
        train: the images to train with; those to select with are drawn from them where `val` is
            None.
        test: None where the source has no split of its own for it.
        val: the source's own images to select with, where it has all three splits.
        notes: what was done to the images, a sentence each.
        skipped: unreadable images that were left out.
        identity: digest of the content where the pixels are not in memory.
        copies: for each image to train with the number of its group of equal images, int64 (N,);
            None where all of them differ.
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    test: Split | None
    val: Split | None = None
    notes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    identity: str | None = None
    copies: Tensor | None = None
