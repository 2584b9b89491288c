"""The classes of weights and of images, compared by name before anything is measured.

A network answers with a number. Weights that `designspace` wrote say which class each number is.
Published ImageNet weights do not say it, but all of them use the order of the WordNet numbers.
Images have their own numbers, by the order of their folders. Two lists of names of the same length
do not mean that their numbers agree.

For example, weights with the classes cat, dog, fox and images with the classes dog, cat give the
targets (1, 0): the right answer for label 0 (dog) is output 1. With the mapping `fox=dog`, the
right answer for label 0 is output 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from designspace.errors import InputError
from designspace.evaluation.imagenet import COUNT, are_wnids, names_like
from designspace.spec.documents.document import read_yaml

_SHOWN = 4
OPTION = "--classes"


@dataclass(frozen=True)
class Answers:
    """The meaning of a network's outputs with given weights.

    Attributes:
        count: Number of outputs.
        names: Class of each output, in order; None if the weights do not say it.
    """

    count: int
    names: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Matching:
    """The right answer for each class of the images.

    Attributes:
        targets: Number of the right answer for each label of the images.
        says: How this was decided, for people; empty if both have the same classes.
    """

    targets: tuple[int, ...]
    says: str = ""


def match_classes(answers: Answers, classes: Sequence[str], given: Mapping[str, str]) -> Matching:
    """Find the right answer for each class of the images.

    Names decide. If the images have only some of the weights' classes, all answers stay possible:
    the result is the contribution of these images to the whole. Weights without names are assumed
    to have ImageNet's order if they have 1,000 answers and the images do not have 1,000 other
    classes. Otherwise, they are assumed to have the order of the images' classes if there are as
    many answers.

    Args:
        answers: Outputs of the network with these weights.
        classes: Names of the images' classes, in the order of the labels.
        given: The user's mapping, from a class of the weights to one of the images.

    Raises:
        InputError: A class of the images has no answer, or the mapping does not fit.
    """
    names = answers.names or _published(answers.count, classes)
    if names is None:
        return _in_order(answers.count, classes, given)
    pairs = _mapped(given, names, classes)
    if not pairs and list(names) == list(classes):
        said = "classes in ImageNet's order, which published weights have"
        return Matching(tuple(range(len(classes))), "" if answers.names else said)
    targets = [pairs.get(name) if name in pairs else _place(names, name) for name in classes]
    unknown = [name for name, target in zip(classes, targets, strict=True) if target is None]
    if unknown:
        raise _apart(names, classes, unknown)
    found = tuple(target for target in targets if target is not None)
    return Matching(found, _how(answers, len(classes), pairs))


def parse_classes(text: str | None) -> dict[str, str]:
    """Read the user's mapping: `cat=apple,dog=zebra`, or a YAML or JSON file of such pairs.

    Raises:
        InputError: It is not a mapping from names to names, or names a class twice.
    """
    if text is None:
        return {}
    if Path(text).is_file():
        data: object = read_yaml(Path(text)).data
        if not isinstance(data, dict) or not data:
            raise InputError(
                "expected pairs 'class of the weights: class of the images'", file=text
            )
        return {str(key): str(value) for key, value in cast("dict[object, object]", data).items()}
    pairs: dict[str, str] = {}
    for part in text.split(","):
        name, equals, other = (word.strip() for word in part.partition("="))
        if not (equals and name and other):
            raise InputError(
                f"expected WEIGHTS=IMAGES pairs or a file (got '{part.strip()}')",
                path=OPTION,
                hint="for example --classes cat=apple,dog=zebra",
            )
        if name in pairs:
            raise InputError(f"class '{name}' is mapped twice", path=OPTION)
        pairs[name] = other
    return pairs


def _published(count: int, classes: Sequence[str]) -> tuple[str, ...] | None:
    """Return ImageNet's names for 1,000 answers; None if the images have 1,000 other classes."""
    if count != COUNT:
        return None
    names = names_like(classes)
    fits = are_wnids(classes) or set(classes) <= set(names)
    return names if fits or len(classes) != COUNT else None


def _in_order(count: int, classes: Sequence[str], given: Mapping[str, str]) -> Matching:
    """Match answers without names by the user's mapping, or else in the order of the classes."""
    numbers = tuple(str(number) for number in range(count))
    if given:
        pairs = _mapped(given, numbers, classes)
        lacking = [name for name in classes if name not in pairs]
        if lacking:
            raise InputError(
                f"no class of the weights is mapped to {_short(lacking)}",
                path=OPTION,
                hint="the weights name no classes: map their numbers, as in 0=apple,1=zebra",
            )
        return Matching(tuple(pairs[name] for name in classes), _pairs(pairs, numbers))
    if count != len(classes):
        raise InputError(
            f"the weights have {count:,} classes, without names, and the images {len(classes):,}: "
            f"{_short(classes)}",
            hint=f"map numbers to names with {OPTION} 0={classes[0]},...",
        )
    said = "the weights do not name their classes: taken to be in the order of the images' classes"
    return Matching(tuple(range(count)), f"{said} ({_short(classes)})")


def _mapped(
    given: Mapping[str, str], names: Sequence[str], classes: Sequence[str]
) -> dict[str, int]:
    """Return the number of the answer by the images' class, for the classes that the user maps."""
    pairs: dict[str, int] = {}
    for ours, theirs in given.items():
        place = _place(names, ours)
        if place is None or theirs not in classes:
            raise _misfit(ours, theirs, names, classes)
        if theirs in pairs:
            raise InputError(f"two classes of the weights are mapped to '{theirs}'", path=OPTION)
        pairs[theirs] = place
    return pairs


def _misfit(ours: str, theirs: str, names: Sequence[str], classes: Sequence[str]) -> InputError:
    if ours in classes and theirs in names:
        hint = f"write the weights' class first: {theirs}={ours}"
        return InputError(f"{ours}={theirs} is the wrong way round", path=OPTION, hint=hint)
    if theirs not in classes:
        said = f"the images have no class '{theirs}' (they have {_short(classes)})"
    else:
        said = f"the weights have no class '{ours}' (they have {_short(names)})"
    return InputError(said, path=OPTION)


def _place(names: Sequence[str], name: str) -> int | None:
    """Return the position of a name that occurs once, or None.

    Raises:
        InputError: The name occurs more than once.
    """
    places = [place for place, other in enumerate(names) if other == name]
    if len(places) > 1:
        raise InputError(f"the weights have {len(places)} classes called '{name}'")
    return places[0] if places else None


def _apart(names: Sequence[str], classes: Sequence[str], unknown: Sequence[str]) -> InputError:
    """Return the error for images with classes that the weights do not have."""
    what = f"{len(unknown)} of the images' {len(classes)} classes are not"
    if len(unknown) == 1:
        what = f"the images' class '{unknown[0]}' is not"
    example = next((name for name in names if name not in classes), names[0])
    return InputError(
        f"{what} among those of the weights: the weights have {_short(names)}; the images have "
        f"{_short(classes)}",
        hint=f"map them with {OPTION} {example}={unknown[0]},...",
    )


def _how(answers: Answers, classes: int, pairs: Mapping[str, int]) -> str:
    parts = [_pairs(pairs, answers.names or ())] if pairs else []
    if len(pairs) < classes:
        whose = "" if answers.names else " to ImageNet's, whose order published weights have"
        parts.append(f"classes matched by name{whose}")
    if classes < answers.count:
        parts.append(f"{classes:,} of {answers.count:,} classes have images, all are answers")
    return "; ".join(parts)


def _pairs(pairs: Mapping[str, int], names: Sequence[str]) -> str:
    """Describe the user's mapping in words."""
    shown = [f"{names[n] if n < len(names) else n}={name}" for name, n in pairs.items()]
    return f"classes mapped: {_short(shown)}"


def _short(names: Sequence[str]) -> str:
    """Return the first few names of a list, and its length."""
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown}, ... ({len(names):,})"
