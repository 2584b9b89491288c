"""The images to measure a network on, and whether its weights have seen them.

Weights that `designspace` wrote say which images they learned from and how these were split. On the
same images they are measured on the same validation split, and on the training split only on
request. Other images are measured as a whole, or on their own test split if they have one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from designspace.errors import InputError
from designspace.evaluation.subject import Subject
from designspace.images.data import DEFAULT_VAL_FRACTION, Data, read_unsplit, split_source
from designspace.images.holdout import content_digest
from designspace.images.npz import PACKAGED
from designspace.images.split import DecodedSplit, Source, Split
from designspace.images.torchvision_sets import NAMED

Part = Literal["val", "test", "train"]
Measured = Literal["validation", "test", "training", "all"]

_WORDS: dict[Part, Measured] = {"val": "validation", "test": "test", "train": "training"}
_SHARE, _SEED = DEFAULT_VAL_FRACTION, 0  # for splits drawn here, as in `load_data`
_OTHER = "not the images of the training; whether the weights have seen these is unknown"
_OWN: dict[Measured, str] = {
    "validation": "held out: the weights did not learn from them",
    "test": "held out: the weights did not learn from them",
    "training": "the weights learned from all of them",
}


@dataclass(frozen=True)
class Request:
    """The images that the user asks for.

    Attributes:
        source: Source of images, as in `load_data`; None for those of the training.
        part: Split to measure; None for the one that suits the weights.
        download: Whether torchvision may download what is not on disk.
        skip_broken: Whether to leave out unreadable images.
    """

    source: str | None = None
    part: Part | None = None
    download: bool = False
    skip_broken: bool = False


@dataclass(frozen=True)
class Chosen:
    """The images to measure.

    Attributes:
        name: Name of the data, for people.
        digest: Identity of the data and of their split.
        classes: Names of the classes, in the order of the labels.
        channels: Number of channels: 1 or 3.
        split: The images.
        part: Name of the split; `all` for all images.
        own: Whether the weights were trained with these data.
        seen: Number of images that the weights learned from; None if it is not known.
        says: Choice and reason in one line.
        skipped: Number of unreadable images that were left out.
    """

    name: str
    digest: str
    classes: tuple[str, ...]
    channels: int
    split: Split
    part: Measured
    own: bool
    seen: int | None
    says: str
    skipped: int = 0


def choose_images(subject: Subject, request: Request) -> Chosen:
    """Read images, and choose the split to measure the weights on.

    Raises:
        InputError: There are no such images, or those of the training have changed since.
    """
    if subject.learned_from is None:
        return images_for_others(request)
    load = _load_of(subject, request)
    source = read_unsplit(
        load["source"],
        download=request.download,
        image_size=load["image_size"],
        skip_broken=load["skip_broken"],
    )
    share, seed = load.get("val_fraction", _SHARE), load.get("seed", _SEED)
    digest = content_digest(source, share, seed)
    own = digest == subject.learned_from
    if not own and request.source is None:
        raise InputError(
            f"the images of {subject.name} changed since the training "
            f"(digest {subject.learned_from} then, {digest} now)",
            file=source.name,
            hint="measure them as they are now with --data",
        )
    part = request.part or ("val" if own else None)
    return _chosen(source, digest, split_source(source, share, seed) if part else None, part, own)


def images_for_others(request: Request) -> Chosen:
    """Choose images for weights from elsewhere: the requested split, else the test split or all.

    Encoded images stay in their files and are streamed.

    Raises:
        InputError: There are no such images.
    """
    source = read_unsplit(
        request.source,
        download=request.download,
        image_size="own",
        skip_broken=request.skip_broken,
    )
    data = split_source(source, _SHARE, _SEED) if request.part else None
    digest = content_digest(source, _SHARE, _SEED)
    return _chosen(source, digest, data, request.part, own=False, elsewhere=True)


def _chosen(
    source: Source,
    digest: str,
    data: Data | None,
    part: Part | None,
    own: bool,
    *,
    elsewhere: bool = False,
) -> Chosen:
    """Return the requested split of the data, or the test images of an unsplit source, or all."""
    if data and part:
        split = {"val": data.val, "test": data.test, "train": data.train}[part]
        word = _WORDS[part]
    else:
        split, word = source.test or _joined(source), "test" if source.test else "all"
    if elsewhere:
        seen = "the weights were not trained here; whether they have seen these images is unknown"
    else:
        seen = _OWN[word] if own else _OTHER
    which = "all images" if word == "all" else f"the {word} split"
    return Chosen(
        name=source.name,
        digest=digest,
        classes=tuple(source.classes),
        channels=int(split.pixels.shape[1]) if isinstance(split, DecodedSplit) else split.channels,
        split=split,
        part=word,
        own=own,
        seen=(len(split) if part == "train" else 0) if own else None,
        says=f"{which} of {source.name}, {len(split):,} images ({seen})",
        skipped=len(source.skipped),
    )


def _load_of(subject: Subject, request: Request) -> dict[str, Any]:
    """Return the arguments that read the images in the same way as the training did."""
    load: dict[str, Any] = {"image_size": subject.spec.input_size, **subject.load}
    if request.source is not None:
        load["source"] = request.source
    elif "source" not in load:
        load["source"] = _source_by_name(subject)
    load["skip_broken"] = request.skip_broken or load.get("skip_broken", False)
    return load


def _source_by_name(subject: Subject) -> str | None:
    """Return the source of the images if a training gives only their name, as a moved file does.

    Raises:
        InputError: The images are in the user's own files.
    """
    record = subject.training.record if subject.training else None
    if record is None and not subject.load:
        return None  # a file of an earlier version
    if record is not None and record.data.name in (PACKAGED, *NAMED):
        return record.data.name
    raise InputError(
        "the weights do not record where their training images are",
        file=subject.weights.name,
        hint="give them with --data",
    )


def _joined(source: Source) -> Split:
    return whole(*(part for part in (source.train, source.val) if part is not None))


def whole(first: Split, *others: Split) -> Split:
    """Join splits of one source in this order."""
    joined = first
    for other in others:
        assert type(other) is type(joined)
        joined = joined.joined(other)  # pyright: ignore[reportArgumentType]
    return joined
