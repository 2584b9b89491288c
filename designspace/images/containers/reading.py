"""The last step of reading a container: from its listing to a source."""

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
        file: Name that the user gave, for errors.
        name: Name in messages and records.
        store: Bytes of the images.
        listing: Split and label of each image.
        notes: Sentences on assumptions made before the listing.
    """

    file: str
    name: str
    store: Store
    listing: Listing
    notes: Sequence[str] = ()


def read_container(container: Container, options: Reading) -> Source:
    """Read the images of a container, split by split.

    Raises:
        InputError: An image is unreadable, or sizes differ and `options` does not give one.
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
