"""Splits that are drawn by class from a seed, and the identity of a data set.

Equal images form groups, and a group is never torn apart. For example, a class has the images a, b,
b', c and d, where b' is a copy of b, and the fraction is 0.2. One image is held out. If the draw
begins with b', the group (b, b') is held out as a whole, and a, c and d are kept.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from designspace.images.split import DecodedSplit, Source, Split


def hold_out(
    labels: Tensor, fraction: float, seed: int, copies: Tensor | None = None
) -> tuple[list[int], list[int]]:
    """Return the indices to keep and those to hold out.

    Of each class, `fraction` of the images are held out, but at least one if the class has two or
    more. Both lists are sorted, so that the order of the source stays. Equal images are kept or
    held out together, even if they are of different classes, and a class keeps at least one of its
    groups of equal images.

    Args:
        labels: Labels of the images, int64 (N,).
        fraction: Share to hold out.
        seed: Seed of the draw.
        copies: Number of each image's group of equal images, (N,); None if all images differ.
    """
    values = labels.cpu().numpy()
    groups = np.arange(len(values)) if copies is None else copies.cpu().numpy()
    generator = np.random.default_rng([seed, 0x5B117])
    held, kept = set[int](), set[int]()
    for label in np.unique(values):
        members = np.flatnonzero(values == label)
        count = max(round(fraction * len(members)), min(1, len(members) - 1))
        drawn = groups[generator.permutation(members)]
        held |= _drawn(drawn.tolist(), count, held, kept)
        kept |= set(drawn.tolist()) - held
    chosen = np.isin(groups, list(held))
    return np.flatnonzero(~chosen).tolist(), np.flatnonzero(chosen).tolist()


def _drawn(drawn: Sequence[int], count: int, held: set[int], kept: set[int]) -> set[int]:
    """Choose the groups of a class to hold out: the first that make up `count` images, never all.

    Args:
        drawn: Group of each image of the class, in the order of the draw.
        count: Number of images to hold out.
        held: Groups that an earlier class holds out.
        kept: Groups that an earlier class keeps.
    """
    sizes = Counter(drawn)
    free = [group for group in sizes if group not in held and group not in kept]
    if kept.isdisjoint(sizes):
        free = free[:-1]
    missing = count - sum(size for group, size in sizes.items() if group in held)
    taken = set[int]()
    for group in free:
        if missing <= 0:
            break
        taken.add(group)
        missing -= sizes[group]
    return taken


def draw(source: Source, fraction: float, seed: int) -> tuple[Split, Split, Split]:
    """Return the training, validation and test split; draw those that the source lacks."""
    train, copies, test = source.train, source.copies, source.test
    if test is None:
        train, copies, test = _halves(train, copies, fraction, seed + 1)
    if source.val is not None:
        return train, source.val, test
    train, _, val = _halves(train, copies, fraction, seed)
    return train, val, test


def _halves(
    split: Split, copies: Tensor | None, fraction: float, seed: int
) -> tuple[Split, Tensor | None, Split]:
    """Return the kept part of a split, its groups of equal images, and the held-out part."""
    kept, held = hold_out(split.labels, fraction, seed, copies)
    return split.take(kept), None if copies is None else copies[kept], split.take(held)


def content_digest(source: Source, val_fraction: float, seed: int) -> str:
    """Return the identity of classes, images, labels and splits, 16 hex digits."""
    digest = hashlib.sha256("\0".join(source.classes).encode())
    for split in (source.train, source.val, source.test):
        if split is None:
            continue
        digest.update(split.labels.numpy().tobytes())
        if isinstance(split, DecodedSplit):
            digest.update(str(tuple(split.pixels.shape)).encode())
            digest.update(split.pixels.contiguous().numpy().tobytes())
    digest.update(f"{source.identity}:{val_fraction}:{seed}".encode())
    if source.copies is not None:
        digest.update(b":copies together")  # earlier versions drew without regard to copies
    return digest.hexdigest()[:16]
