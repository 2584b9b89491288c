"""The facts that `designspace data` shows: the source, its splits, and its pixel statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from designspace.images.data import Data
from designspace.images.split import DecodedSplit, EncodedSplit, Skipped
from designspace.images.statistics import measure

UNBALANCED = 10
"""Ratio of the largest class to the smallest from which a note says that they are unbalanced."""
_NAMED = 5
"""Number of classes that a note names; it counts the others."""


@dataclass(frozen=True)
class SplitSummary:
    """The facts about one split.

    Attributes:
        images: Number of images.
        per_class: Number of images of each class, in the order of the labels.
        pixel_mean: Mean per channel, 0 to 1.
        pixel_std: Standard deviation per channel, on the same scale.
        measured: Number of images whose pixels were read for mean and standard deviation.
    """

    images: int
    per_class: tuple[int, ...]
    pixel_mean: tuple[float, ...]
    pixel_std: tuple[float, ...]
    measured: int

    def plain(self, classes: list[str]) -> dict[str, Any]:
        """Return the facts as plain data, for JSON.

        Args:
            classes: Names of the classes, in the order of the labels.
        """
        return {
            "images": self.images,
            "per_class": dict(zip(classes, self.per_class, strict=True)),
            "pixel_mean": list(self.pixel_mean),
            "pixel_std": list(self.pixel_std),
            "measured": self.measured,
        }


@dataclass(frozen=True)
class Summary:
    """The facts about a data set and its three splits.

    Attributes:
        data: Data set.
        splits: Facts about the splits, by name: train, val and test.
        notes: Sentences on the data and on what to watch out for.
        skipped: Unreadable images that were left out.
    """

    data: Data
    splits: Mapping[str, SplitSummary]
    notes: tuple[str, ...]
    skipped: tuple[Skipped, ...]

    def plain(self) -> dict[str, Any]:
        """Return the facts as plain data, for JSON."""
        data, train = self.data, self.splits["train"]
        return {
            "name": data.name,
            # Training may decode images that stay in their files here, which changes the digest.
            "digest": data.digest if isinstance(data.train, DecodedSplit) else None,
            "classes": data.classes,
            **{name: split.images for name, split in self.splits.items()},
            "own_test": data.own_test,
            "channels": data.channels,
            "image_size": data.image_size,
            "pixel_mean": list(train.pixel_mean),
            "pixel_std": list(train.pixel_std),
            "per_split": {name: split.plain(data.classes) for name, split in self.splits.items()},
            "skipped": [{"file": one.file, "reason": one.reason} for one in self.skipped],
            "notes": list(self.notes),
        }


def summarise(data: Data) -> Summary:
    """Count the images of each class and measure the pixels of each split.

    Raises:
        InputError: An image among those that are measured is unreadable, and is not skipped.
    """
    splits: dict[str, SplitSummary] = {}
    skipped = dict.fromkeys(data.skipped)
    for name, split in (("train", data.train), ("val", data.val), ("test", data.test)):
        pixels = measure(split)
        skipped.update(dict.fromkeys(pixels.skipped))
        counts = split.labels.bincount(minlength=data.num_classes).tolist()
        splits[name] = SplitSummary(
            len(split), tuple(counts), pixels.mean, pixels.std, pixels.images
        )
    notes = (
        *data.notes,
        *_split_notes(data),
        *_class_notes(data, splits),
        *_pixel_notes(data, splits),
    )
    return Summary(data, splits, notes, tuple(skipped))


def _split_notes(data: Data) -> Iterator[str]:
    """Yield notes on the origin of the validation and test split."""
    if data.own_val:
        yield "the validation split is the source's own"
    else:
        yield "the validation split was drawn from the training images, by class"
    if not data.own_test:
        yield "the source has no test split: one was drawn from the training images, by class"


def _class_notes(data: Data, splits: Mapping[str, SplitSummary]) -> Iterator[str]:
    words = {"train": "training", "val": "validation", "test": "test"}
    for name, split in splits.items():
        empty = [data.classes[label] for label, count in enumerate(split.per_class) if not count]
        if empty:
            more = f" and {len(empty) - _NAMED} more" if len(empty) > _NAMED else ""
            named = ", ".join(f"'{label}'" for label in empty[:_NAMED])
            yield f"warning: no {words[name]} image of class {named}{more}"
    counts = [count for count in splits["train"].per_class if count]
    if max(counts) >= UNBALANCED * min(counts):
        low, high = min(counts), max(counts)
        yield f"warning: classes are unbalanced: {low:,} to {high:,} training images per class"


def _pixel_notes(data: Data, splits: Mapping[str, SplitSummary]) -> Iterator[str]:
    if not any(splits["train"].pixel_std):
        yield "warning: all pixels of the training images have the same value"
    if isinstance(data.train, EncodedSplit):
        parts = [f"{split.measured:,} of {split.images:,}" for split in splits.values()]
        said = "the files were opened, and pixel statistics measured on evenly spaced images"
        yield f"{said}: {', '.join(parts)} ({', '.join(splits)}); each counts the same"


def opening_line(data: Data, mean: tuple[float, ...], std: tuple[float, ...]) -> str:
    """Describe the data of a training in one line.

    Args:
        data: Data set.
        mean: Mean of the training pixels per channel, 0 to 1.
        std: Standard deviation of the training pixels per channel, on the same scale.
    """
    size = f"{data.image_size}x{data.image_size}" if data.image_size else "various sizes"
    drawn = "" if data.own_test else " (drawn from the training images)"
    parts = f"{len(data.train):,} train, {len(data.val):,} val, {len(data.test):,} test{drawn}"
    return (
        f"data {data.name}: {data.num_classes} classes ({_named(data.classes)}); "
        f"images: {parts}; "
        f"{size}, {'gray' if data.channels == 1 else 'RGB'}, pixel mean {_numbers(mean)}, "
        f"std {_numbers(std)}"
    )


def _named(classes: list[str]) -> str:
    shown = ", ".join(" ".join(name.split()) for name in classes[:_NAMED])
    return f"{shown}, ..." if len(classes) > _NAMED else shown


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:.3f}" for value in values)
