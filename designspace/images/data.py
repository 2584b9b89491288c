"""Data for a training: a source with its splits, and the facts derived from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from designspace.errors import InputError
from designspace.images.holdout import content_digest, draw
from designspace.images.pixels.encoded import Reading
from designspace.images.sources import located, read_source
from designspace.images.split import DecodedSplit, Skipped, Source, Split

DEFAULT_VAL_FRACTION = 0.2
ImageSize = int | Literal["own"]


@dataclass(frozen=True)
class Data:
    """A data set: images with labels in three splits.

    Attributes:
        name: Name in messages and records.
        digest: Identity of the content and of the splits, 16 hex digits.
        classes: Names of the classes, in the order of the labels.
        channels: Number of channels: 1 for gray, 3 for RGB.
        image_size: Side that all images share [pixels]; None if they have no common square size.
        train: Images that the weights learn from.
        val: Images for selection: the source's own if it has all three splits, otherwise drawn from
            the training images, by class.
        test: Images that are measured once, at the end.
        own_test: Whether the source has a test split; otherwise one is drawn like the validation
            split.
        own_val: Whether the source has a validation split; otherwise one is drawn.
        notes: Sentences on what was done to the images.
        skipped: Unreadable files that were left out.
        load: Arguments of `load_data` that read the data again from any directory; empty for data
            that `load_data` did not read.
    """

    name: str
    digest: str
    classes: list[str]
    channels: int
    image_size: int | None
    train: Split
    val: Split
    test: Split
    own_test: bool = True
    own_val: bool = False
    notes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    load: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)


def load_data(
    source: str | None = None,
    *,
    download: bool = False,
    val_fraction: float = DEFAULT_VAL_FRACTION,
    seed: int = 0,
    image_size: ImageSize | None = None,
    skip_broken: bool = False,
) -> Data:
    """Read a data set and draw the splits that it does not have from the training images.

    Args:
        source: None or "fashion-mnist-mini" for the packaged set, one of torchvision's names, an
            `.npz` file, or encoded images: a directory or a `.zip` file of them, WebDataset shards
            (`.tar`) or Parquet files. Shards and Parquet files may be one file, a pattern such as
            `train-{00..03}.tar`, or a directory.
        download: Whether torchvision may fetch files that are not on disk.
        val_fraction: Share of each class to hold out.
        seed: Seed of the draw.
        image_size: Side to which encoded images of different sizes are decoded [pixels]. With `own`
            they stay as they are in their files, and each is resized as its view says when it is
            read.
        skip_broken: Whether to leave out unreadable images and count them; otherwise they are
            errors.

    Raises:
        InputError: Something is missing, unreadable or inconsistent.
    """
    found = read_unsplit(source, download=download, image_size=image_size, skip_broken=skip_broken)
    data = split_source(found, val_fraction, seed)
    load = {
        "source": located(source),
        "val_fraction": val_fraction,
        "seed": seed,
        "image_size": image_size,
        "skip_broken": skip_broken,
    }
    return replace(data, load=load)


def inspect_data(
    source: str | None,
    *,
    download: bool = False,
    val_fraction: float = DEFAULT_VAL_FRACTION,
    image_size: int | None = None,
    skip_broken: bool = False,
) -> Data:
    """Read a data set as `load_data` does, only to inspect it.

    Images of different sizes need no `image_size`: without one they stay encoded as they are.
    Nothing is copied to another place.

    Raises:
        InputError: See `load_data`.
    """
    options = Reading(image_size=image_size, skip_broken=skip_broken, inspect=True)
    return split_source(read_source(source, download, options), val_fraction, seed=0)


def split_source(found: Source, val_fraction: float, seed: int) -> Data:
    """Draw the splits that a source does not have, and return its data.

    Args:
        found: Source with its own splits.
        val_fraction: Share of each class to hold out, per drawn split.
        seed: Seed of the draw.

    Raises:
        InputError: There are too few images, or fewer than two classes.
    """
    if len(found.classes) < 2:
        only = ", ".join(found.classes) or "none"
        raise InputError(f"at least two classes are needed (got {only})", file=found.name)
    _check_several(found)
    digest = content_digest(found, val_fraction, seed)
    train, val, test = draw(found, val_fraction, seed)
    if not (len(train) and len(val) and len(test)):
        raise InputError("too few images to split three ways", file=found.name)
    return Data(
        name=found.name,
        digest=digest,
        classes=list(found.classes),
        channels=_channels(train),
        image_size=_common_side(train),
        train=train,
        val=val,
        test=test,
        own_test=found.test is not None,
        own_val=found.val is not None,
        notes=found.notes,
        skipped=found.skipped,
    )


def _check_several(found: Source) -> None:
    """Check that the training images are of more than one class."""
    labels: set[int] = set(found.train.labels.tolist())
    if len(labels) == 1:
        only = found.classes[labels.pop()]
        raise InputError(
            f"at least two classes are needed (all {len(found.train):,} training images are of "
            f"class '{only}')",
            file=found.name,
        )


def _channels(split: Split) -> int:
    return int(split.pixels.shape[1]) if isinstance(split, DecodedSplit) else split.channels


def _common_side(split: Split) -> int | None:
    if not isinstance(split, DecodedSplit):
        return None
    height, width = split.pixels.shape[2:]
    return int(height) if height == width else None


def read_unsplit(
    source: str | None, *, download: bool, image_size: ImageSize | None, skip_broken: bool
) -> Source:
    """Read a data set as `load_data` does, but with only the source's own splits.

    Raises:
        InputError: See `load_data`.
    """
    if image_size == "own":
        # `read_encoded` requires a size, but without a cache it never decodes to it.
        options = Reading(image_size=1, skip_broken=skip_broken, cache_bytes=0)
    else:
        options = Reading(image_size=image_size, skip_broken=skip_broken)
    return read_source(source, download, options)
