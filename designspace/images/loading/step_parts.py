"""The parts of a step whose gradients are added up before the weights change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from designspace.images.loading.prefetch import Batch


def by_step(batches: Iterable[Batch], parts: int, size: int) -> Iterator[Iterator[Batch]]:
    """Yield the parts of each step, each made on demand; the caller must take all of them.

    Args:
        batches: Parts of all steps, or whole batches, which are cut into parts.
        parts: Number of parts per step.
        size: Number of images per part.
    """
    left = iter(batches) if parts == 1 else _cut(batches, size)
    for first in left:
        yield chain([first], islice(left, parts - 1))


def _cut(batches: Iterable[Batch], size: int) -> Iterator[Batch]:
    for images, labels in batches:
        yield from zip(images.split(size), labels.split(size), strict=True)
