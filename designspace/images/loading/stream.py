"""Batches of a split that is read from its files, by worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from PIL import Image
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from designspace.errors import InputError
from designspace.images.loading.workers import Loading, loading
from designspace.images.pixels.decode import open_image
from designspace.images.pixels.opening import unreadable
from designspace.images.randomness import generator
from designspace.images.split import EncodedSplit
from designspace.library_warnings import silenced

Key = tuple[int | str, ...]
Transform = Callable[[Image.Image, Generator], Tensor]
"""Bytes (C, H, W) of an image, with a generator for this image."""
Broken = tuple[str, str]
"""Where an image lies that could not be read, and why."""
Item = tuple[Tensor | None, int, list[Broken]]
"""An image or None, its label, and what could not be read on the way."""
CPU = torch.device("cpu")
REPLACEMENTS = 16
"""Images that are tried one after the other in the place of a broken one."""


class _Read(Dataset[Item]):
    """Reads and transforms an image; what it draws depends on (key, index) alone."""

    def __init__(self, split: EncodedSplit, transform: Transform, tries: int) -> None:
        self._split, self._transform, self._tries = split, transform, tries

    def __len__(self) -> int:
        return len(self._split)

    @silenced()
    def __getitem__(self, asked: tuple[int, Key]) -> Item:
        # In a worker process: whatever the number of workers, an image is augmented the same.
        index, key = asked
        draw, broken = generator(*key, index), list[Broken]()
        for place in range(index, index + self._tries):
            place %= len(self._split)
            label = int(self._split.labels[place])
            try:
                image = open_image(self._split.read(place), self._split.channels)
            except OSError as error:
                broken.append((self._split.where(place), unreadable(error)))
                continue
            return self._transform(image, draw), label, broken
        return None, 0, broken


class _Batches(Sampler[list[tuple[int, Key]]]):
    """The batches of the epoch that is next."""

    def __init__(self) -> None:
        self.batches: Sequence[Sequence[int]] = ()
        self.key: Key = ()

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[tuple[int, Key]]]:
        for batch in self.batches:
            yield [(index, self.key) for index in batch]


class Stream:
    """Reads batches of a split in any order, epoch after epoch, with the same processes.

    Args:
        split: what to read.
        transform: of each image; must be picklable.
        whole: keep batches full. In the place of a broken image stands the next one of the split
            that is none; else it is left out. Both only where the split skips broken images.
        device: where the batches go: those for a GPU lie in pinned memory.
        how: workers and prefetching; None for this machine's.

    Attributes:
        broken: what was skipped so far: the reason by the place.
    """

    def __init__(
        self,
        split: EncodedSplit,
        transform: Transform,
        *,
        whole: bool,
        device: torch.device = CPU,
        how: Loading | None = None,
    ) -> None:
        self._skips, self._whole = split.skip_broken, whole
        self.broken: dict[str, str] = {}
        tries = REPLACEMENTS if whole and split.skip_broken else 1
        self._order, how = _Batches(), how or loading()
        self._loader = DataLoader(
            _Read(split, transform, tries),
            batch_sampler=self._order,
            num_workers=how.workers,
            prefetch_factor=how.prefetch if how.workers else None,
            persistent_workers=whole and how.workers > 0,
            collate_fn=_collate,
            pin_memory=device.type == "cuda",
        )

    def read(self, batches: Sequence[Sequence[int]], key: Key) -> Iterator[tuple[Tensor, Tensor]]:
        """Bytes (K, C, H, W) and labels (K,) of each batch of indices.

        Args:
            batches: indices into the split.
            key: what the images' draws depend on, beside their indices.

        Raises:
            InputError: for an unreadable image, unless the split skips those.
        """
        self._order.batches, self._order.key = batches, key
        for images, labels, broken in self._loader:
            self._note(broken, lost=images is None)
            if images is not None:
                yield images, labels

    def _note(self, broken: Sequence[Broken], lost: bool) -> None:
        if broken and not (self._skips and not (lost and self._whole)):
            place, why = broken[0]
            raise InputError(why, file=place)
        self.broken.update(broken)


def _collate(items: list[Item]) -> tuple[Tensor | None, Tensor, list[Broken]]:
    read = [(image, label) for image, label, _ in items if image is not None]
    broken = [found for _, _, some in items for found in some]
    labels = torch.tensor([label for _, label in read], dtype=torch.int64)
    images = torch.stack([image for image, _ in read]) if read else None
    return images, labels, broken
