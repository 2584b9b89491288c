"""From the listing of a container to a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from designspace.images.containers.listing import Listing
from designspace.images.files.filenames import shown
from designspace.images.files.store import Store
from designspace.images.pixels.encoded import Reading, read_encoded
from designspace.images.split import EncodedSplit, Source


@dataclass(frozen=True)
class Container:
    """A container whose images are listed.

    Attributes:
        file: what the user named, for errors.
        name: for people.
        store: the images' bytes.
        listing: which of them belong to which split, and how they are labelled.
        notes: what was assumed before the listing, a sentence each.
    """

    file: str
    name: str
    store: Store
    listing: Listing
    notes: Sequence[str] = ()


def read_container(container: Container, options: Reading) -> Source:
    """Read the images of a container, split by split.

    Raises:
        InputError: an unreadable image, or sizes that differ with none asked for.
    """
    splits: list[EncodedSplit] = []
    for members in container.listing.splits:
        pairs = torch.tensor(members, dtype=torch.int64).reshape(-1, 2)
        splits.append(EncodedSplit(container.store, pairs[:, 0].clone(), pairs[:, 1].clone()))
    notes = tuple(shown(note) for note in (*container.notes, *container.listing.notes))
    classes = container.listing.classes
    name = shown(container.name)
    source = read_encoded(shown(container.file), name, classes, splits, options)
    return replace(source, notes=(*source.notes, *notes))
