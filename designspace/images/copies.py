"""Detection of equal images, so that no copies of one image end up in two drawn splits.

Images are compared in passes, from cheap to exact. For files of 10, 10 and 12 bytes, only the first
two can be equal. Their first 4 KiB are compared next, and only if these agree, all of their bytes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from designspace.images.split import DecodedSplit, EncodedSplit, Source, Split

_HEAD = 1 << 12
"""Number of first bytes that distinguish nearly all images of one size."""
Place = tuple[Split, int]


def with_copies(source: Source) -> Source:
    """Return the source with its groups of equal training images, and notes on equal images.

    Decoded images are compared by their pixels. Encoded images are compared by their size in bytes,
    then by their first 4 KiB, then by all bytes.
    """
    named = {"train": source.train, "val": source.val, "test": source.test}
    splits = {name: split for name, split in named.items() if split is not None}
    places = [(split, index) for split in splits.values() for index in range(len(split))]
    groups = _groups(places)
    parts = dict(zip(splits, groups.split([len(split) for split in splits.values()]), strict=True))
    train = parts.pop("train")
    notes = [*source.notes, *_crossing(train, parts)]
    wanted = 3 - len(parts)
    copies, few = _divisible(train, source.train.labels, wanted)
    names = ", ".join(source.classes[label] for label in few[:5])
    if few and wanted > 1:
        further = "..." if len(few) > 5 else ""
        notes.append(
            f"fewer than {wanted} different images of {names}{further}: copies of the same "
            "image are in several splits"
        )
    if wanted == 1 or len(copies.unique()) == len(copies):
        return replace(source, notes=tuple(notes))
    notes += _within(copies, source.train.labels)
    return replace(source, copies=copies, notes=tuple(notes))


def _divisible(train: Tensor, labels: Tensor, wanted: int) -> tuple[Tensor, list[int]]:
    """Dissolve the groups of equal images in classes with too few different images.

    Args:
        train: Group of each training image, (N,).
        labels: Label of each training image, (N,).
        wanted: Number of splits that are drawn from the training images, the training split
            included.

    Returns:
        The groups, and the labels of the classes whose groups were dissolved.
    """
    groups, values = train.numpy().copy(), labels.cpu().numpy()
    few: list[int] = []
    for label in np.unique(values).tolist():
        members = np.flatnonzero(values == label)
        if len(members) > len(np.unique(groups[members])) < wanted:
            groups[members] = -1 - members
            few.append(label)
    return torch.from_numpy(groups), few


def _groups(places: Sequence[Place]) -> Tensor:
    """Return for each image the number of the first image that equals it, int64 (N,)."""
    groups = torch.arange(len(places))
    if not places:
        return groups
    candidates = [list(range(len(places)))]
    keys = (_pixels,) if isinstance(places[0][0], DecodedSplit) else (_size, _head, _content)
    for key in keys:
        candidates = [same for each in candidates for same in _alike(places, each, key)]
    for same in candidates:
        groups[same] = same[0]
    return groups


def _alike(
    places: Sequence[Place], members: Sequence[int], key: Callable[[Place], object]
) -> list[list[int]]:
    """Group the members that share their key with another one."""
    by_key: dict[object, list[int]] = {}
    for member in members:
        try:
            by_key.setdefault(key(places[member]), []).append(member)
        except OSError:
            continue  # decoding reports it later
    return [same for same in by_key.values() if len(same) > 1]


def _pixels(place: Place) -> bytes:
    split, index = place
    assert isinstance(split, DecodedSplit)
    return hashlib.blake2b(split.pixels[index].contiguous().numpy().data, digest_size=16).digest()


def _size(place: Place) -> int:
    split, index = place
    assert isinstance(split, EncodedSplit)
    return split.store.size(int(split.members[index]))


def _head(place: Place) -> bytes:
    split, index = place
    assert isinstance(split, EncodedSplit)
    return hashlib.blake2b(split.read(index, _HEAD), digest_size=16).digest()


def _content(place: Place) -> bytes:
    split, index = place
    assert isinstance(split, EncodedSplit)
    return hashlib.blake2b(split.read(index), digest_size=16).digest()


def _crossing(train: Tensor, parts: dict[str, Tensor]) -> list[str]:
    """Note how many images of the source's own other splits are also in its training split."""
    notes: list[str] = []
    for name, part in parts.items():
        count = int(torch.isin(part, train).sum())
        if count:
            notes.append(
                f"{count} of {len(part)} images of the {name} split are copies of training images: "
                "its accuracy is too high"
            )
    return notes


def _within(train: Tensor, labels: Tensor) -> list[str]:
    sizes = Counter(train.tolist())
    count = sum(size for size in sizes.values() if size > 1)
    notes = [f"{count} training images are equal to others: equal ones stay in one split"]
    pairs = set(zip(train.tolist(), labels.tolist(), strict=True))
    torn = Counter(group for group, _ in pairs)
    several = sum(1 for number in torn.values() if number > 1)
    if several:
        notes.append(f"{several} images are in more than one class")
    return notes
