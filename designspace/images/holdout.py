"""Splits by class, drawn from a seed, and the identity of what was read."""

from __future__ import annotations

import hashlib

import numpy as np
from torch import Tensor

from designspace.images.split import Images, Source, Split


def hold_out(labels: Tensor, fraction: float, seed: int) -> tuple[list[int], list[int]]:
    """Indices to keep and to hold out: `fraction` of every class, at least one where it has two.

    Both lists rise, so that the order of the source stays.
    """
    values = labels.cpu().numpy()
    generator = np.random.default_rng([seed, 0x5B117])
    held: list[int] = []
    for label in np.unique(values):
        members = np.flatnonzero(values == label)
        count = max(round(fraction * len(members)), min(1, len(members) - 1))
        held.extend(generator.permutation(members)[:count].tolist())
    kept = np.setdiff1d(np.arange(len(values)), held)
    return kept.tolist(), sorted(held)


def halves(split: Split, fraction: float, seed: int) -> tuple[Split, Split]:
    """The split without the share held out, and that share."""
    kept, held = hold_out(split.labels, fraction, seed)
    return split.take(kept), split.take(held)


def content_digest(source: Source, val_fraction: float, seed: int) -> str:
    """Identity, 16 hex digits, of classes, images, labels and of how they are split."""
    digest = hashlib.sha256("\0".join(source.classes).encode())
    for split in (source.train, source.val, source.test):
        if split is None:
            continue
        digest.update(split.labels.numpy().tobytes())
        if isinstance(split, Images):
            digest.update(str(tuple(split.pixels.shape)).encode())
            digest.update(split.pixels.contiguous().numpy().tobytes())
    digest.update(f"{source.identity}:{val_fraction}:{seed}".encode())
    return digest.hexdigest()[:16]
