"""Batches of a split that worker processes read from its files."""

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
"""Function from an image and its generator to bytes, uint8 (C, H, W)."""
Broken = tuple[str, str]
"""Location of an image that could not be read, and the reason."""
Item = tuple[Tensor | None, int, list[Broken]]
"""Image or None, its label, and the images that could not be read before it."""
CPU = torch.device("cpu")
REPLACEMENTS = 16
"""Number of images that are tried in turn if the first of them are broken."""


class _Read(Dataset[Item]):
    """A data set that reads and transforms images; random numbers only depend on (key, index)."""

    def __init__(self, split: EncodedSplit, transform: Transform, tries: int) -> None:
        self._split, self._transform, self._tries = split, transform, tries

    def __len__(self) -> int:
        return len(self._split)

    @silenced()
    def __getitem__(self, asked: tuple[int, Key]) -> Item:
        # This runs in a worker process, and its result does not depend on the number of workers.
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
    """The batches of indices of the next epoch."""

    def __init__(self) -> None:
        self.batches: Sequence[Sequence[int]] = ()
        self.key: Key = ()

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[tuple[int, Key]]]:
        for batch in self.batches:
            yield [(index, self.key) for index in batch]


class Stream:
    """A reader of a split's batches in any order, for many epochs with the same processes.

    Args:
        split: Split to read.
        transform: Transform of each image; it must be picklable.
        whole: Whether to replace a broken image by the next one of the split that is readable, so
            that batches stay full, if there is one among the next 15. Otherwise a broken image is
            left out. Both apply only if the split skips broken images.
        device: Device of the batches; batches for a GPU are in pinned memory.
        how: Workers and prefetching; None for the defaults of this machine.

    Attributes:
        broken: Images that were skipped so far: the reason by the location.
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
        """Yield bytes (K, C, H, W) and labels (K,) of each batch.

        Args:
            batches: Indices into the split, batch by batch.
            key: Key of the random numbers; those of an image depend on it and on the image's index.

        Raises:
            InputError: An image is unreadable and the split does not skip those, or `whole` is set
                and no image of a batch, nor any of its replacements, is readable.
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
