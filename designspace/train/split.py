"""A split of a data set: either bytes in memory or image files read as they are needed."""

# Torch and timm leave some types unknown.
# pyright: reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor


@dataclass(frozen=True)
class Images:
    """A split that was decoded once.

    Attributes:
        pixels: uint8 (N, C, H, W).
        labels: int64 (N,).
    """

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Sequence[int]) -> Images:
        """The images at `indices`, in that order."""
        index = torch.as_tensor(indices, dtype=torch.int64)
        return Images(self.pixels[index], self.labels[index])

    def joined(self, other: Images) -> Images:
        """This split followed by another one."""
        return Images(
            torch.cat([self.pixels, other.pixels]), torch.cat([self.labels, other.labels])
        )

    def to(self, device: torch.device) -> Images:
        """The same split on another device."""
        return Images(self.pixels.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Files:
    """A split too large to keep decoded.

    Attributes:
        paths: image files.
        labels: int64 (N,).
        channels: 1 for gray, 3 for RGB; every image is converted.
        skip_broken: leave unreadable images out of their batches instead of stopping.
    """

    paths: tuple[Path, ...]
    labels: Tensor
    channels: int
    skip_broken: bool = False

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Sequence[int]) -> Files:
        """The images at `indices`, in that order."""
        index = torch.as_tensor(indices, dtype=torch.int64)
        paths = tuple(self.paths[i] for i in index.tolist())
        return replace(self, paths=paths, labels=self.labels[index])

    def joined(self, other: Files) -> Files:
        """This split followed by another one."""
        labels = torch.cat([self.labels, other.labels])
        return replace(self, paths=self.paths + other.paths, labels=labels)


Split = Images | Files


@dataclass(frozen=True)
class Source:
    """What a kind of source reads, before a validation split is taken from it.

    Attributes:
        name: for people.
        classes: names, in the order of the labels.
        train: all images to train and select with.
        test: None where the source has no split of its own for it.
        notes: what was done to the images, a sentence each.
        skipped: unreadable files that were left out.
        identity: digest of the content where the pixels are not in memory.
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    test: Split | None
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    identity: str | None = None
