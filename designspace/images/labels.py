"""Labels as sources write them: numbers, or names of classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from designspace.errors import InputError


@dataclass(frozen=True)
class Labelled:
    """Images of a split by label.

    Attributes:
        values: a number, or the name of a class, an image.
        places: of the images, for people.
    """

    values: Sequence[int | str]
    places: Sequence[str]


def numbered(
    splits: Sequence[Labelled], names: Sequence[str] | None, file: str
) -> tuple[list[str], list[list[int]]]:
    """The names of the classes, and the labels as places in that list, a split each.

    Numbers without names give a class a number, which must leave no gap among the images to train
    with; names without an order are sorted.

    Args:
        splits: the first is to train with.
        names: of the classes in their order, where the source tells it.
        file: what the user named, for errors.

    Raises:
        InputError: a label that is none of the classes.
    """
    numbers = all(isinstance(value, int) for split in splits for value in split.values)
    present = {value if numbers else str(value) for value in splits[0].values}
    if names is None:
        names = _names(present, numbers, file)
    known: dict[int | str, int] = {name: index for index, name in enumerate(names)}
    if numbers:
        known = {index: index for index in range(len(names))}
    return list(names), [_places(split, known, numbers) for split in splits]


def _names(present: set[int | str], numbers: bool, file: str) -> list[str]:
    if numbers and present != set(range(len(present))):
        raise InputError(
            f"labels out of range: {len(present)} classes must be labelled 0 to "
            f"{len(present) - 1} (got {min(present)} to {max(present)})",
            file=file,
            hint="name the classes in a file classes.txt, a line each, where some have no image",
        )
    return [str(value) for value in sorted(present)]


def _places(split: Labelled, known: dict[int | str, int], numbers: bool) -> list[int]:
    labels: list[int] = []
    for value, place in zip(split.values, split.places, strict=True):
        label = known.get(value if numbers else str(value))
        if label is None:
            raise InputError(f"label {value} is none of the {len(known)} classes", file=place)
        labels.append(label)
    return labels
