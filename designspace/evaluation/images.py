"""Which images a network is measured on, and whether its weights have seen them.

Weights of ours say which images they learned from and how these were split: on the same images
they are measured on the same validation split, never on what they learned from unless that is
asked for. Other images are measured as a whole, or by their own test split where they have one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from designspace.errors import InputError
from designspace.evaluation.subject import Subject
from designspace.images.arrays import PACKAGED
from designspace.images.data import Data, load_data, split_source
from designspace.images.encoded import Reading
from designspace.images.holdout import content_digest
from designspace.images.named import NAMED
from designspace.images.sources import read_source
from designspace.images.split import Images, Source, Split

Part = Literal["val", "test", "train"]
Measured = Literal["validation", "test", "training", "all"]

_WORDS: dict[Part, Measured] = {"val": "validation", "test": "test", "train": "training"}
_SHARE, _SEED = 0.2, 0  # of splits that are drawn, as `load_data` has them


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Attributes:
        source: Images, as `load_data` takes them; None for those of the training.
        part: Split to measure; None for the one that suits the weights.
        download: Let torchvision fetch what is not on disk.
        skip_broken: Leave unreadable images out.
    """

    source: str | None = None
    part: Part | None = None
    download: bool = False
    skip_broken: bool = False


@dataclass(frozen=True)
class Chosen:
    """The images that are measured.

    Attributes:
        name: Of the data, for people.
        digest: Identity of the data and of their split.
        classes: Names, in the order of the labels.
        channels: 1 or 3.
        split: The images.
        part: Which split that is; `all` for all images.
        own: Whether these are the images that the weights were trained with.
        seen: How many of them the weights learned from; None where that is not known.
        data: All splits, where they were drawn.
        says: What was chosen and why, in one line.
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
    data: Data | None
    says: str
    skipped: int = 0


def choose_images(subject: Subject, request: Request) -> Chosen:
    """Read images, and choose the split to measure the weights on.

    Raises:
        InputError: There are no such images, or the training's own have changed since.
    """
    if subject.learned_from is None:
        return images_for_others(request)
    data = _of_training(subject, request)
    own = data.digest == subject.learned_from
    if not own and request.source is None:
        raise InputError(
            f"the images of {subject.name} changed since the training "
            f"(digest {subject.learned_from} then, {data.digest} now)",
            file=data.name,
            hint="measure them as they are now with --data",
        )
    part = request.part or ("val" if own else "test" if data.own_test else None)
    word = _WORDS[part] if part else "all"
    split = _part(data, part)
    seen = (len(split) if part == "train" else 0) if own else None
    return Chosen(
        name=data.name,
        digest=data.digest,
        classes=tuple(data.classes),
        channels=data.channels,
        split=split,
        part=word,
        own=own,
        seen=seen,
        data=data,
        says=_says(data.name, word, len(split), _whether_seen(word, own)),
        skipped=len(data.skipped),
    )


def _of_training(subject: Subject, request: Request) -> Data:
    """The images read as the training read them."""
    load: dict[str, Any] = {"image_size": subject.spec.input_size, **subject.load}
    if request.source is not None:
        load["source"] = request.source
    elif "source" not in load:
        load["source"] = _source_by_name(subject)
    load["skip_broken"] = request.skip_broken or load.get("skip_broken", False)
    return load_data(**load, download=request.download)


def _source_by_name(subject: Subject) -> str | None:
    """The images of a training that does not say where they are: a file that travelled.

    Raises:
        InputError: They are in files of the user's.
    """
    record = subject.training.record if subject.training else None
    if record is None and not subject.load:
        return None  # a file of an earlier version
    if record is not None and record.data.name in (PACKAGED, *NAMED):
        return record.data.name
    raise InputError(
        "the weights do not say where the images are that they were trained with",
        file=subject.weights.name,
        hint="give them with --data",
    )


def images_for_others(request: Request) -> Chosen:
    """Choose images for weights from elsewhere: all, or the test split that they bring.

    Encoded images stay in their files and are streamed.

    Raises:
        InputError: There are no such images.
    """
    options = Reading(image_size=1, skip_broken=request.skip_broken, cache_bytes=0)
    source = read_source(request.source, request.download, options)
    part = request.part or ("test" if source.test is not None else None)
    data = split_source(source, _SHARE, _SEED) if request.part else None
    split = _part(data, part) if data else source.test or _joined(source)
    word = _WORDS[part] if part else "all"
    return Chosen(
        name=source.name,
        digest=data.digest if data else content_digest(source, _SHARE, _SEED),
        classes=tuple(source.classes),
        channels=_channels(split),
        split=split,
        part=word,
        own=False,
        seen=None,
        data=data,
        says=_says(
            source.name,
            word,
            len(split),
            "the weights are from elsewhere, and whether they have seen them is not known",
        ),
        skipped=len(source.skipped),
    )


def _part(data: Data, part: Part | None) -> Split:
    splits = {"val": data.val, "test": data.test, "train": data.train}
    return whole(data.train, data.val, data.test) if part is None else splits[part]


def _joined(source: Source) -> Split:
    return whole(*(part for part in (source.train, source.val) if part is not None))


def whole(first: Split, *others: Split) -> Split:
    """Splits of one source, one after the other."""
    joined = first
    for other in others:
        assert type(other) is type(joined)
        joined = joined.joined(other)  # pyright: ignore[reportArgumentType]
    return joined


def _channels(split: Split) -> int:
    return int(split.pixels.shape[1]) if isinstance(split, Images) else split.channels


def _whether_seen(part: Measured, own: bool) -> str:
    if not own:
        return "not the images of the training; whether the weights have seen them is not known"
    return {
        "validation": "held out: the weights have not seen them, but were selected by them",
        "test": "held out: the weights have not seen them",
        "training": "the weights learned from all of them",
        "all": "the weights learned from a part of them",
    }[part]


def _says(name: str, part: Measured, count: int, seen: str) -> str:
    which = "all images" if part == "all" else f"the {part} split"
    return f"{which} of {name}, {count:,} images ({seen})"
