"""Splits by class, drawn from a seed, and the identity of what was read."""

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
    """Indices to keep and to hold out: `fraction` of every class, at least one where it has two.

    Both lists rise, so that the order of the source stays. Equal images are kept or held out
    together, in whichever class they are, and a class keeps at least one of its groups.

    Args:
        labels: of the images, int64 (N,).
        fraction: share to hold out.
        seed: of the draw.
        copies: number of each image's group of equal images, (N,); None where all differ.
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
    """The first groups of a class that make up a number of images, but not all of its groups.

    Args:
        drawn: the group of each of its images, in the order of the draw.
        count: images to hold out.
        held: groups that an earlier class holds out.
        kept: groups that an earlier class keeps.
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
    """The splits to train, to select and to test with; those that the source lacks are drawn."""
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
    """The split without the share held out, its groups of equal images, and that share."""
    kept, held = hold_out(split.labels, fraction, seed, copies)
    return split.take(kept), None if copies is None else copies[kept], split.take(held)


def content_digest(source: Source, val_fraction: float, seed: int) -> str:
    """Identity, 16 hex digits, of classes, images, labels and of how they are split."""
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
        digest.update(b":copies together")  # another draw than before copies were looked for
    return digest.hexdigest()[:16]
