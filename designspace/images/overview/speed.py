"""Measurement of the images per second that this machine decodes, as a training reads them."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from designspace.images.loading.stream import Stream
from designspace.images.loading.transforms import TrainLook
from designspace.images.loading.workers import Loading, loading
from designspace.images.split import EncodedSplit
from designspace.images.statistics import spaced
from designspace.images.view import View
from designspace.records.environment import cpu_name
from designspace.spec.recipe.crops import ResizedCrop, TestView

IMAGES, BATCH = 2048, 64
"""Maximal number of images that are timed, and number of images per batch."""
PATIENCE = 20.0
"""Time after which a measurement ends with the batches read so far [s]."""


@dataclass(frozen=True)
class Speed:
    """The speed of decoding, random cropping and resizing.

    Attributes:
        images_per_second: Images per second with the worker processes of a training.
        workers: Number of worker processes.
        single_process: Images per second without workers.
        images: Number of images in each of the two measurements.
        size: Side of the crops [pixels].
        device: Name of the processor; None if it is not known.
    """

    images_per_second: float
    workers: int
    single_process: float
    images: int
    size: int
    device: str | None

    def plain(self) -> dict[str, Any]:
        """Return the speed as plain data, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        workers = f"{self.workers} worker process{'' if self.workers == 1 else 'es'}"
        return (
            f"{self.images_per_second:,.0f} images/s by {workers}, "
            f"{self.single_process:,.0f} by one process alone (random crops at "
            f"{self.size}x{self.size}, n = {self.images:,}, {self.device or 'unknown processor'})"
        )


def time_decoding(split: EncodedSplit, size: int) -> Speed:
    """Measure the speed at which a split's images are decoded, as a training reads them.

    The files are read once before, so that both measurements find them in the system's cache.

    Args:
        split: Encoded images.
        size: Side of the random crops [pixels].

    Raises:
        InputError: An image is unreadable, and the split does not skip those.
    """
    chosen = split.take(spaced(len(split), IMAGES))
    for index in range(len(chosen)):
        chosen.read(index)
    many = loading()
    alone, count = _timed(chosen, size, Loading(0))
    chosen = chosen.take(range(count))
    together = _timed(chosen, size, many)[0] if many.workers else alone
    return Speed(together, many.workers, alone, count, size, cpu_name())


def _timed(split: EncodedSplit, size: int, how: Loading) -> tuple[float, int]:
    """Return the images per second, without the start of the workers, and the images read."""
    channels = (0.5,) * split.channels
    look = TrainLook(ResizedCrop(), View(size, channels, channels, TestView()))
    stream = Stream(split, look, whole=True, how=how)
    first = min(BATCH, len(split))
    _read(stream, [range(first)])
    rest = [range(start, min(start + BATCH, len(split))) for start in range(0, len(split), BATCH)]
    return _read(stream, rest)


def _read(stream: Stream, order: list[range]) -> tuple[float, int]:
    began, count = time.perf_counter(), 0
    for images, _ in stream.read(order, (0,)):
        count += len(images)
        if time.perf_counter() - began > PATIENCE:
            break
    return count / (time.perf_counter() - began), count
