"""The rules for every container: from images with a split and a label to numbered splits.

A container states for each image where it is, which split it belongs to and how it is labelled. The
rest is decided here, so that the same images give the same classes, label order and splits in every
container. Classes and images are in natural order (`cat2` before `cat10`), every split has the
classes of the training split, and a validation split becomes the test set if there is no test
split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from designspace.errors import did_you_mean
from designspace.images.containers.roles import ROLES, Role
from designspace.images.files.filenames import (
    NaturalKey,
    listed,
    natural_key,
    plural,
    refused,
    shown,
    suffix_of,
)

HIDDEN = (-1, None)
"""Labels of a test split that is published without labels."""
Label = int | str
Members = list[tuple[int, int]]
"""Index in the container and label number of each image of a split."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One image of a container.

    Attributes:
        index: Number in the container's store.
        role: Split that the image belongs to.
        label: Number or name of the class; None or -1 if labels are hidden.
        name: File name relative to the class, which determines the order.
    """

    index: int
    role: Role
    label: Label | None
    name: str


@dataclass(frozen=True)
class Listing:
    """The classes and splits of a container.

    Attributes:
        classes: Names of the classes, in the order of the labels.
        splits: Training, test and validation split, in this order, if they exist.
        notes: Sentences on assumptions.
    """

    classes: tuple[str, ...]
    splits: tuple[Members, ...]
    notes: tuple[str, ...]


def arrange(
    samples: Iterable[Sample],
    names: Sequence[str] | None,
    file: str,
    where: Callable[[int], str],
) -> Listing:
    """Number the classes and sort the images of each split.

    Args:
        samples: Images of the container.
        names: Names of the classes in their order; None if the container does not give them.
        file: Name that the user gave, for errors.
        where: Function that returns the location of an image, for messages.

    Raises:
        InputError: There are no training images, a label is not one of the classes, or splits
            differ in their classes.
    """
    parts: dict[Role, list[Sample]] = {
        role: [s for s in samples if s.role == role] for role in ROLES
    }
    if not parts["train"]:
        raise refused("holds no images to train with", file)
    notes = _without_hidden(parts)
    numbers = all(isinstance(s.label, int) for part in parts.values() for s in part)
    known, order_notes = _known(parts["train"], names, numbers, file)
    if names is None:
        _check_same(parts, file)
    numbered: dict[Role, Members] = {
        role: _numbered(part, known, where) for role, part in parts.items() if part
    }
    splits, split_notes = _ordered(numbered)
    classes = tuple(shown(str(name)) for name in (names or known))
    return Listing(
        classes,
        splits,
        (*notes, *order_notes, *split_notes, *_unseen(classes, splits[0]), *_frames(parts)),
    )


def _without_hidden(parts: dict[Role, list[Sample]]) -> list[str]:
    notes: list[str] = []
    for role in ("val", "test"):
        part = parts[role]
        if part and all(sample.label in HIDDEN for sample in part):
            notes.append(f"the {role} split has no labels ({plural(len(part), 'image')}): left out")
            parts[role] = []
    return notes


def _known(
    train: Sequence[Sample], names: Sequence[str] | None, numbers: bool, file: str
) -> tuple[Mapping[Label, int], list[str]]:
    """Return the number of each label, and notes on the order of the classes."""
    if names is not None:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise refused(f"names a class twice: {listed(twice)}", file)
        notes = ["classes are in the order that the source gives"] if _unsorted(names) else []
        return {n if numbers else name: n for n, name in enumerate(names)}, notes
    present = {sample.label if numbers else str(sample.label) for sample in train}
    if numbers and present != set(range(len(present))):
        whole = sorted(label for label in present if isinstance(label, int))
        raise refused(
            f"labels out of range: {len(present)} classes must be labelled 0 to "
            f"{len(present) - 1} (got {whole[0]} to {whole[-1]})",
            file,
            "if some classes have no image, name all classes in a file classes.txt, one per line",
        )
    found = sorted((str(label) for label in present if label is not None), key=natural_key)
    known: dict[Label, int] = {
        int(name) if numbers else name: number for number, name in enumerate(found)
    }
    return known, [_NATURAL.format(*_first_difference(found))] if found != sorted(found) else []


_NATURAL = (
    "classes are in natural order, as in timm: '{}' has label {}; in text order, as in "
    "torchvision's ImageFolder, the labels would differ"
)


def _unsorted(names: Sequence[str]) -> bool:
    return list(names) != sorted(names, key=natural_key)


def _first_difference(names: Sequence[str]) -> tuple[str, int]:
    other = sorted(names)
    number = next(n for n, name in enumerate(names) if name != other[n])
    return shown(names[number]), number


def _check_same(parts: Mapping[Role, Sequence[Sample]], file: str) -> None:
    """Check that every split has the same classes as the training split."""
    train = {str(sample.label) for sample in parts["train"]}
    for role in ("val", "test"):
        held = {str(sample.label) for sample in parts[role]}
        if not held or held == train:
            continue
        odd = held - train or train - held
        only = role if held - train else "train"
        name = sorted(odd, key=natural_key)[0]
        hint = did_you_mean(shown(name), map(shown, train)) if held - train else None
        raise refused(
            f"{role} and train differ in their classes: {listed(odd)} (only in {only})",
            file,
            hint if hint and hint.startswith("did") else None,
        )


def _numbered(
    part: Sequence[Sample], known: Mapping[Label, int], where: Callable[[int], str]
) -> Members:
    """Return the index and label of each image, sorted by class and then naturally by name."""
    groups = [list[Sample]() for _ in known]
    textual = not all(isinstance(label, int) for label in known)
    for sample in part:
        label = str(sample.label) if textual and sample.label is not None else sample.label
        number = None if label is None else known.get(label)
        if label is None:
            raise refused("has no label", where(sample.index))
        if number is None:
            said = f"label {shown(str(label))} is not one of the {len(known)} classes"
            raise refused(said, where(sample.index))
        groups[number].append(sample)
    return [
        (sample.index, number)
        for number, group in enumerate(groups)
        for sample in sorted(group, key=_position)
    ]


def _position(sample: Sample) -> tuple[NaturalKey, NaturalKey, int]:
    # The file name comes before the folders, because an archive may omit them.
    base, _, suffix = sample.name.rpartition("/")[2].rpartition(".")
    return natural_key(base or suffix), natural_key(sample.name), sample.index


def _ordered(parts: Mapping[Role, Members]) -> tuple[tuple[Members, ...], list[str]]:
    """Return the splits in the order train, test, val, and notes on them."""
    train, val, test = (parts.get(role) for role in ROLES)
    assert train is not None
    if val and test:
        return (train, test, val), ["the source's own val split is used for model selection"]
    if val:
        return (train, val), [
            "the val split is used as the test set; images for model selection are drawn from train"
        ]
    return ((train, test) if test else (train,)), []


def _unseen(classes: Sequence[str], train: Members) -> list[str]:
    held = {label for _, label in train}
    absent = [name for number, name in enumerate(classes) if number not in held]
    return [f"no training image of {listed(absent)}"] if absent else []


def _frames(parts: Mapping[Role, Sequence[Sample]]) -> list[str]:
    count = sum(suffix_of(s.name) == "gif" for part in parts.values() for s in part)
    return [f"{plural(count, 'GIF image')}: the first frame is used"] if count else []
