"""Data for a training: the source, its validation split, and what is read off it."""

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
    """A task: images with labels, split three ways.

    Attributes:
        name: for people.
        digest: identity of the content and of the split, 16 hex digits.
        classes: names, in the order of the labels.
        channels: 1 or 3.
        image_size: side that all images share; None where they have no common square size.
        train: what weights learn from.
        val: what selection may look at: the source's own where it has all three splits, else drawn
            from the training images, by class.
        test: looked at once, at the end.
        own_test: whether the source has a test split; else it is drawn like the validation split.
        own_val: whether the source has a validation split; else it is drawn.
        notes: what was done to the images, a sentence each.
        skipped: unreadable files that were left out.
        load: the arguments of `load_data` that read it again from any directory; empty for data
            from elsewhere.
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
        """How many classes there are."""
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
    """Reads a data set and takes its validation split from the training images.

    Args:
        source: None or "fashion-mnist-mini" for the packaged set, one of torchvision's names, an
            `.npz` file, or encoded images: a directory or a `.zip` file of them, WebDataset shards
            (`.tar`) or Parquet files: one, a pattern such as `train-{00..03}.tar`, or a directory.
        download: let torchvision fetch what is not on disk.
        val_fraction: share of each class to hold out.
        seed: of the draw.
        image_size: side to decode encoded images to where they have no common size; `own` leaves
            each as it is in its file until it is looked at, and is resized as its view says.
        skip_broken: leave unreadable images out, and count them.

    Raises:
        InputError: for anything that is missing, unreadable or inconsistent.
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
    """As `load_data`, for looking at the data alone.

    Images of different sizes need no `image_size`: they then stay encoded as they are. Nothing is
    copied to another place.

    Raises:
        InputError: as `load_data`.
    """
    options = Reading(image_size=image_size, skip_broken=skip_broken, inspect=True)
    return split_source(read_source(source, download, options), val_fraction, seed=0)


def split_source(found: Source, val_fraction: float, seed: int) -> Data:
    """Takes the validation split, and a test split where the source has none of its own.

    Raises:
        InputError: there are too few images, or nothing to tell apart.
    """
    if len(found.classes) < 2:
        only = ", ".join(found.classes) or "none"
        raise InputError(f"two classes at least are needed (got {only})", file=found.name)
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
    """Refuse training images that are all of one class, whatever classes there are."""
    labels: set[int] = set(found.train.labels.tolist())
    if len(labels) == 1:
        only = found.classes[labels.pop()]
        raise InputError(
            f"two classes at least are needed (all {len(found.train):,} training images are of "
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
    """Read a data set as `load_data` does, with the splits that it has of its own.

    Raises:
        InputError: as `load_data`.
    """
    if image_size == "own":
        # `read_encoded` asks for a size before it decodes, which it then never does.
        options = Reading(image_size=1, skip_broken=skip_broken, cache_bytes=0)
    else:
        options = Reading(image_size=image_size, skip_broken=skip_broken)
    return read_source(source, download, options)
