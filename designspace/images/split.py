"""A split of a data set: either pixels in memory, or encoded images that are read as needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from designspace.images.files.store import Store


@dataclass(frozen=True)
class DecodedSplit:
    """A split whose images were decoded once and are in memory.

    Attributes:
        pixels: Pixels of all images, uint8 (N, C, H, W).
        labels: Labels of the images, int64 (N,).
    """

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Sequence[int]) -> DecodedSplit:
        """Return the images at `indices`, in that order."""
        index = torch.as_tensor(indices, dtype=torch.int64)
        return DecodedSplit(self.pixels[index], self.labels[index])

    def joined(self, other: DecodedSplit) -> DecodedSplit:
        """Return this split followed by another one."""
        return DecodedSplit(
            torch.cat([self.pixels, other.pixels]), torch.cat([self.labels, other.labels])
        )

    def to(self, device: torch.device) -> DecodedSplit:
        """Return the same split on another device."""
        return DecodedSplit(self.pixels.to(device), self.labels.to(device))


@dataclass(frozen=True)
class EncodedSplit:
    """A split of images in the encoding of their files: JPEG, PNG, WebP...

    Attributes:
        store: Store with the bytes of the whole source.
        members: Numbers of the split's images in the store, int64 (N,).
        labels: Labels of the images, int64 (N,).
        channels: Number of channels to which every image is converted: 1 for gray, 3 for RGB.
        skip_broken: Whether unreadable images are left out; otherwise they are errors.
    """

    store: Store
    members: Tensor
    labels: Tensor
    channels: int = 3
    skip_broken: bool = False

    def __len__(self) -> int:
        return len(self.labels)

    def read(self, index: int, limit: int | None = None) -> bytes:
        """Read the bytes of an image, or the first `limit` of them."""
        return self.store.read(int(self.members[index]), limit)

    def where(self, index: int) -> str:
        """Return the location of an image, for messages."""
        return self.store.where(int(self.members[index]))

    def take(self, indices: Sequence[int]) -> EncodedSplit:
        """Return the images at `indices`, in that order."""
        index = torch.as_tensor(indices, dtype=torch.int64)
        return replace(self, members=self.members[index], labels=self.labels[index])

    def joined(self, other: EncodedSplit) -> EncodedSplit:
        """Return this split followed by another one of the same source."""
        assert self.store is other.store
        members = torch.cat([self.members, other.members])
        return replace(self, members=members, labels=torch.cat([self.labels, other.labels]))


Split = DecodedSplit | EncodedSplit


@dataclass(frozen=True)
class Skipped:
    """An image that was left out because it could not be read.

    Attributes:
        file: Location of the image.
        reason: Fault of the image, in one line.
    """

    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}"


@dataclass(frozen=True)
class Source:
    """The splits that a source itself has, before further splits are drawn.

    Attributes:
        name: Name in messages and records.
        classes: Names of the classes, in the order of the labels.
        train: Training images; the validation split is drawn from them if `val` is None.
        test: Test images; None if the source has no test split.
        val: Validation images; None unless the source has all three splits.
        notes: Sentences on what was done to the images.
        skipped: Unreadable images that were left out.
        identity: Digest that identifies images whose pixels are not in memory; None otherwise.
        copies: Number of each training image's group of equal images, int64 (N,); None if all of
            them differ.
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
