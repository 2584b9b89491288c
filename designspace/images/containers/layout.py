"""Images in class folders: `train/<class>/...` beside `val/` and `test/`, or `<class>/...` alone.

The rules are the same for a folder, a zip file and a tar file, because they only use names. Folders
around everything are skipped, the class is the first folder below the split, and a split without
class folders is labelled by a list, as ImageNet's validation images are. `pets/train/dog/a/2.jpg`
has the split train and the class dog; `pets/val/3.jpg` gets its label from a list like `val.txt`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from designspace.errors import InputError
from designspace.images.containers.imagenet.truth import Truth, find_truth, is_validation_image
from designspace.images.containers.listing import Sample
from designspace.images.containers.roles import ROLES, Role, exact_role, roles_in, word_role
from designspace.images.containers.tree import Tree
from designspace.images.files.filenames import (
    Parts,
    counted,
    is_image,
    listed,
    natural_key,
    plural,
    refused,
    shown,
)


@dataclass(frozen=True)
class Laid:
    """Images with their classes, and sentences on assumptions."""

    samples: list[Sample]
    notes: list[str]


def lay_out(tree: Tree, file: str) -> Laid:
    """Find the splits and classes of a container by the names of its folders.

    Args:
        tree: Tree of the container.
        file: Name that the user gave, for errors.

    Raises:
        InputError: There are no class folders, one is empty, two folders are for one split, there
            is no training split, or a split has neither class folders nor a list of labels.
    """
    images = {n: parts for n, parts in enumerate(tree.files) if is_image(parts[-1])}
    base = _base(images.values())
    root = _Split(tree, images, base, None)
    roles = _roles(root, file)
    notes = [f"looked through the folder {shown('/'.join(base))}/"] if base else []
    if roles:
        splits = [_split(tree, images, (*base, name), role) for name, role in roles.items()]
    else:
        splits = [root]
        notes += [f"{shown(name)}/ is taken as a class" for name in root.folders if roles_in(name)]
    samples = _samples(splits, file, notes)
    return Laid(samples, [*notes, *_left_out(tree, splits, images, samples)])


def is_laid_out(tree: Tree) -> bool:
    """Return whether a tree has at least two folders with images, or a split with images."""
    images = {n: parts for n, parts in enumerate(tree.files) if is_image(parts[-1])}
    root = _Split(tree, images, _base(images.values()), None)
    filled = {parts[root.depth] for parts in root.images.values() if len(parts) > root.depth + 1}
    return len(filled) > 1 or any(exact_role(name) for name in filled)


class _Split:
    """The images of a split, with the folder that holds them."""

    def __init__(self, tree: Tree, images: Mapping[int, Parts], at: Parts, role: Role | None):
        self.tree, self.at, self.depth = tree, at, len(at)
        self.role: Role | None = role
        self.images = {n: parts for n, parts in images.items() if parts[: self.depth] == at}
        self.folders = sorted(
            {
                parts[self.depth]
                for parts in tree.folders
                if len(parts) > self.depth and parts[: self.depth] == at
            },
            key=natural_key,
        )

    def direct(self) -> dict[int, Parts]:
        """Return the images that are not in a class folder."""
        return {n: parts for n, parts in self.images.items() if len(parts) == self.depth + 1}

    @cached_property
    def deep(self) -> set[str]:
        """Folders that contain folders with images."""
        return {parts[self.depth] for parts in self.images.values() if len(parts) > self.depth + 2}

    @cached_property
    def filled(self) -> set[str]:
        """Folders with images, directly or in folders below."""
        return {parts[self.depth] for parts in self.images.values() if len(parts) > self.depth + 1}


def _base(paths: Iterable[Parts]) -> Parts:
    """Return the folders around everything: each is the only one with images and not a split."""
    known = list(paths)
    base: Parts = ()
    while True:
        depth = len(base)
        inside = {parts[depth] for parts in known if len(parts) > depth + 1}
        if len(inside) != 1:
            return base
        (only,) = inside
        below = {parts[depth + 1] for parts in known if len(parts) > depth + 2}
        trained = any(exact_role(name) == "train" for name in below)
        direct = any(len(parts) == depth + 2 for parts in known)
        if not below or (not trained and (direct or exact_role(only))):
            return base
        base = (*base, only)


def _roles(root: _Split, file: str) -> dict[str, Role]:
    """Return the folders that are splits; empty if all folders are classes.

    If `train` has class folders, all folders with names of splits are splits, and so are folders
    such as `my_val` with class folders, unless their split is taken. Otherwise folders are splits
    if all of them have a word for one in their names: `pets_train/cat/` and `pets_test/cat/`.

    Raises:
        InputError: Two folders are for one split, or there are splits but none to train with.
    """
    exact: dict[str, Role | None] = {name: exact_role(name) for name in root.folders}
    words: dict[str, Role | None] = {name: word_role(name) for name in root.folders}
    deep = root.deep
    if any(exact[name] == "train" and name in deep for name in exact):
        roles: dict[str, Role] = {name: role for name, role in exact.items() if role}
        taken = set(roles.values())
        roles |= {n: r for n, r in words.items() if r and r not in taken and n in deep}
        return _single(roles, root, file)
    if exact and None not in exact.values():
        if "train" in exact.values():
            name = next(name for name, role in exact.items() if role == "train")
            raise refused(f"{name}/ holds no class folders (<class>/<image>)", file)
        names = sorted(exact)
        hint = f"to measure on one of them, pass it: {shown(f'{file}/{names[0]}')}"
        raise refused(f"has {' and '.join(map(shown, names))} but no train/", file, hint)
    filled = root.filled
    found: dict[str, Role] = {name: r for name, r in words.items() if r and name in filled}
    flat = {name for name, role in found.items() if name not in deep and role == "train"}
    if len(found) == len(filled) and "train" in found.values() and not flat:
        return _single(found, root, file)
    _refuse_inner_splits(root, file)
    return {}


def _single(roles: Mapping[str, Role], root: _Split, file: str) -> dict[str, Role]:
    """Return the roles in the order train, val, test; check that no two folders share one."""
    for role, count in Counter(roles.values()).items():
        if count > 1:
            names = listed(name for name in roles if roles[name] == role)
            where = "/".join((file, *root.at))
            raise refused(f"more than one folder for the {role} split: {names}", where)
    return {name: role for role in ROLES for name in roles if roles[name] == role}


def _refuse_inner_splits(root: _Split, file: str) -> None:
    """Reject classes that contain splits, `cat/train/`, because they would be merged silently."""
    for name in root.filled:
        depth = root.depth + 1
        below = {
            parts[depth]
            for parts in root.images.values()
            if parts[root.depth] == name and len(parts) > depth + 1
        }
        roles = {exact_role(folder) for folder in below} - {None}
        if len(roles) > 1:
            raise refused(
                f"{shown(name)}/ holds the splits {listed(below)}", file,
                f"put split folders above class folders, or pass {shown(f'{file}/{name}')}",
            )  # fmt: skip


def _split(tree: Tree, images: Mapping[int, Parts], at: Parts, role: Role) -> _Split:
    """Return the split in a folder, or in its only subfolder if that is named after the split."""
    split = _Split(tree, images, at, role)
    filled = split.filled
    if len(filled) == 1 and not split.direct():
        (only,) = filled
        if role in roles_in(only) and only in split.deep:
            return _Split(tree, images, (*at, only), role)
    return split


def _samples(splits: Sequence[_Split], file: str, notes: list[str]) -> list[Sample]:
    """Return the images of all splits with their classes."""
    classes = _classes(splits[0])
    samples: list[Sample] = []
    for split in splits:
        where = "/".join((file, *split.at))
        truth = None
        if not _has_classes(split, classes):
            truth = find_truth(split.tree, split.images, classes, _truth_names(split))
        if truth is not None:
            notes.append(f"labels of {shown(split.at[-1] if split.at else file)} are from {truth}")
            samples += _labelled(split, truth, where)
        elif not _is_unlabelled(split, splits, notes):
            samples += _in_folders(split, where)
    return samples


def _classes(train: _Split) -> list[str]:
    return [name for name in train.folders if name in train.filled]


def _truth_names(split: _Split) -> Role:
    return split.role or "val"


def _has_classes(split: _Split, classes: Sequence[str]) -> bool:
    """Return whether a split has class folders; a single folder with a foreign name is not one."""
    filled = split.filled
    lone = len(filled) == 1 and len(classes) > 1 and not filled <= set(classes)
    return bool(filled) and not lone


def _labelled(split: _Split, truth: Truth, where: str) -> list[Sample]:
    samples: list[Sample] = []
    for index, parts in split.images.items():
        label = truth.label(parts[-1])
        if label is None:
            raise refused(f"has no label in {truth.place}", f"{where}/{parts[-1]}")
        samples.append(Sample(index, split.role or "train", label, parts[-1]))
    return samples


def _is_unlabelled(split: _Split, splits: Sequence[_Split], notes: list[str]) -> bool:
    """Return whether this is a test split without labels, as challenges publish it; note it."""
    if split.role != "test" or split.filled or not split.images or len(splits) < 2:
        return False
    name = shown(split.at[-1])
    count = plural(len(split.images), "image")
    notes.append(f"{name}/ has no class folders and no labels ({count}): left out")
    return True


def _in_folders(split: _Split, where: str) -> list[Sample]:
    filled = split.filled
    if not filled and split.images:
        raise _without_labels(split, where)
    if not split.folders:
        held = counted(parts[-1] for parts in split.tree.files if parts[: split.depth] == split.at)
        found = f" (it holds {held})" if held else ""
        raise refused(f"holds no class folders (<class>/<image>){found}", where)
    for name in split.folders:
        if name not in filled:
            at = (*split.at, name)
            held = counted(p[-1] for p in split.tree.files if p[: len(at)] == at)
            found = f" (it holds {held})" if held else ""
            raise refused(f"class folder '{shown(name)}' holds no images{found}", where)
    depth = split.depth
    return [
        Sample(index, split.role or "train", shown(parts[depth]), "/".join(parts[depth + 1 :]))
        for index, parts in split.images.items()
        if len(parts) > depth + 1
    ]


def _without_labels(split: _Split, where: str) -> InputError:
    hint = None
    if split.role == "val" or any(is_validation_image(p[-1]) for p in split.images.values()):
        hint = (
            "add class folders, or a list of labels: LOC_val_solution.csv, val.txt (a name and a "
            "label per line) or ILSVRC2012_validation_ground_truth.txt"
        )
    count = plural(len(split.images), "image")
    return refused(f"holds no class folders (<class>/<image>), only {count}", where, hint)


def _left_out(
    tree: Tree,
    splits: Sequence[_Split],
    images: Mapping[int, Parts],
    samples: Sequence[Sample],
) -> list[str]:
    """Note what was left out: images outside the class folders, and files that are not images."""
    used = {sample.index for sample in samples}
    for split in splits:
        if used.isdisjoint(split.images):
            used.update(split.images)  # noted as a split without labels
    outside = ["/".join(parts) for n, parts in images.items() if n not in used]
    others = [parts[-1] for n, parts in enumerate(tree.files) if n not in images]
    notes = tree.left_out()
    if outside:
        count = plural(len(outside), "image")
        notes.append(f"left out {count} outside the class folders: {listed(outside, 3)}")
    if others:
        notes.append(f"left out {plural(len(others), 'file')} without an image's suffix: "
                     f"{counted(others)}")  # fmt: skip
    return notes
