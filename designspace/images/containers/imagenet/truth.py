"""Labels of images that are not in class folders, from the lists that come with ImageNet.

ImageNet's validation images are published in one folder. Their labels are in the development kit
(`ILSVRC2012_validation_ground_truth.txt`: one number per image, in the kit's own order of the
classes, which differs from the order of the WordNet ids), in Kaggle's `LOC_val_solution.csv` (the
WordNet id first), or in lists of names with a WordNet id or a number in the order of the sorted
WordNet ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from designspace.images.containers.imagenet.devkit import WORDNET_IDS
from designspace.images.containers.roles import Role
from designspace.images.containers.tree import Tree
from designspace.images.files.filenames import Parts, natural_key, refused, shown

SOLUTIONS = "loc_{role}_solution.csv"
PAIRS = (
    *("{role}.txt", "{role}_map.txt", "{role}_labels.txt", "{role}.csv", "{role}_labels.csv"),
    *("{role}_annotations.txt", "ilsvrc2012_{role}.txt", "imagenet_{role}.txt"),
)
"""Lists with one name and its label per line."""
SYNSETS = ("imagenet_2012_validation_synset_labels.txt", "imagenet_2012_{role}_synset_labels.txt")
NUMBERS = (
    "ilsvrc2012_validation_ground_truth.txt",
    "ilsvrc2014_clsloc_validation_ground_truth.txt",
    "ilsvrc2015_clsloc_validation_ground_truth.txt",
)
MAPS = ("map_clsloc.txt",)
_NUMBERED = re.compile(r"ILSVRC2012_val_0*(\d{1,8})\.[^.]+", re.IGNORECASE)


@dataclass(frozen=True)
class Truth:
    """Labels by image, from one list.

    Attributes:
        place: Location of the list.
        labels: Name or number of the class, by the name of the image without its suffix.
    """

    place: str
    labels: Mapping[str, str | int]

    def label(self, name: str) -> str | int | None:
        """Return the label of an image by its file name; None if the list does not have it."""
        return self.labels.get(_stem(name))

    def __str__(self) -> str:
        return shown(self.place)


def is_validation_image(name: str) -> bool:
    """Return whether a file is named like one of ImageNet's validation images."""
    return _NUMBERED.fullmatch(name) is not None


def find_truth(
    tree: Tree, images: Mapping[int, Parts], classes: Sequence[str], role: Role
) -> Truth | None:
    """Find the first list that labels these images.

    Args:
        tree: Tree of the container, with the lists in it and beside it.
        images: Images without class folders, by their number in the tree.
        classes: Classes of the training split, to which numbers refer; empty if there is no
            training split.
        role: Split of the images, after which lists are named.

    Returns:
        The labels; None if there is no such list.

    Raises:
        InputError: A list is not text, has another length, or has numbers beyond the classes.
    """
    names = [parts[-1] for parts in images.values()]
    if not names:
        return None
    for place, text in _texts(tree, [SOLUTIONS.format(role=role)]):
        return Truth(place, _pairs(text, place, classes))
    for place, text in _texts(tree, [name.format(role=role) for name in PAIRS]):
        # The numbers in Kaggle's ImageSets count images; they are not labels.
        if "imagesets" not in place.lower().split("/"):
            return Truth(place, _pairs(text, place, classes))
    for place, text in _texts(tree, [name.format(role="validation") for name in SYNSETS]):
        return Truth(place, _lines(text.split(), names, place))
    for place, text in _texts(tree, NUMBERS):
        return Truth(place, _lines(_from_kit(tree, text.split(), place), names, place))
    return None


def _texts(tree: Tree, names: Sequence[str]) -> list[tuple[str, str]]:
    found = [pair for name in dict.fromkeys(names) for pair in tree.texts(name)]
    texts: list[tuple[str, str]] = []
    for place, content in found:
        try:
            texts.append((place, content.decode("utf-8-sig")))
        except UnicodeDecodeError as error:
            raise refused("is not a list of labels (not UTF-8 text)", place) from error
    return texts


def _stem(name: str) -> str:
    return PurePosixPath(name.strip('"')).stem


def _pairs(text: str, place: str, classes: Sequence[str]) -> dict[str, str | int]:
    """Read labels from lines with a name and then a label."""
    labels: dict[str, str | int] = {}
    ordered = sorted(classes, key=natural_key)
    for number, line in enumerate(text.splitlines(), 1):
        words = [word.strip('"') for word in re.split(r"[\s,;]+", line.strip()) if word]
        if not words or (number == 1 and words[0].lower() in ("imageid", "image", "name", "file")):
            continue
        if len(words) < 2:
            raise refused("a line has a name and a label", f"{place}:{number}")
        labels[_stem(words[0])] = _label(words[1], ordered, f"{place}:{number}")
    return labels


def _label(word: str, classes: Sequence[str], where: str) -> str | int:
    """Return the name of a class; a number refers to the sorted classes, from 0."""
    if word in classes or not re.fullmatch(r"\d{1,9}", word):
        return word
    if not classes:
        return int(word)
    if int(word) >= len(classes):
        said = f"label {word} is not one of the {len(classes)} classes, which are numbered from 0"
        raise refused(said, where)
    return classes[int(word)]


def _lines(labels: Sequence[str], names: Sequence[str], place: str) -> dict[str, str | int]:
    """Return labels from one line per image: by the number in its name, or in order of names."""
    matches = {_stem(name): _NUMBERED.fullmatch(name) for name in names}
    found = {stem: int(match[1]) for stem, match in matches.items() if match}
    if len(found) < len(matches):
        found = {_stem(name): n for n, name in enumerate(sorted(names, key=natural_key), 1)}
        if len(found) != len(labels):
            raise refused(f"has {len(labels)} labels for {len(found)} images", place)
    beyond = [name for name, number in found.items() if not 1 <= number <= len(labels)]
    if beyond:
        raise refused(f"has {len(labels)} labels, none for {shown(beyond[0])}", place)
    return {name: labels[number - 1] for name, number in found.items()}


def _from_kit(tree: Tree, numbers: Sequence[str], place: str) -> list[str]:
    """Convert the numbers of the development kit to WordNet ids."""
    known = dict(enumerate(WORDNET_IDS, 1))
    for _, text in _texts(tree, MAPS):
        rows = [line.split() for line in text.splitlines()]
        known = {int(row[1]): row[0] for row in rows if len(row) > 1 and row[1].isdecimal()}
    wrong = next((n for n, word in enumerate(numbers, 1) if _id(word) not in known), None)
    if wrong is not None:
        said = f"'{shown(numbers[wrong - 1][:30])}' is not a class of the development kit"
        raise refused(said, f"{place}:{wrong}")
    return [known[_id(word)] for word in numbers]


def _id(word: str) -> int:
    return int(word) if re.fullmatch(r"[0-9]{1,9}", word) else -1
