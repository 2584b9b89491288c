"""Encoded images by number: separate files, or spans of larger files.

Any process can read any image at any time, so that shuffling is exact and a run can continue from
any step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from designspace.images.files.filenames import shown

LARGEST = 256 << 20
"""Maximal size of an image's file [bytes]; nobody trains on larger images."""
TOO_LARGE = f"larger than {LARGEST >> 20} MiB"


class Store(Protocol):
    """The encoded images of a source, for all of its splits."""

    def __len__(self) -> int: ...

    def read(self, index: int, limit: int | None = None) -> bytes:
        """Read the bytes of an image, or the first `limit` of them.

        Raises:
            OSError: The bytes cannot be read.
        """
        ...

    def where(self, index: int) -> str:
        """Return the location of an image, for messages."""
        ...

    def identity(self, index: int) -> str:
        """Return a text that identifies an image without reading it, from name and size."""
        ...

    def size(self, index: int) -> int:
        """Return the bytes that an image takes in its file."""
        ...


@dataclass(frozen=True)
class FileStore:
    """One file per image.

    Attributes:
        root: Directory to which names are relative.
        paths: Paths of the images.
    """

    root: Path
    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, index: int, limit: int | None = None) -> bytes:
        """See `Store`."""
        if limit is None and self.size(index) > LARGEST:
            raise OSError(TOO_LARGE)
        with self.paths[index].open("rb") as file:
            return file.read(LARGEST if limit is None else limit)

    def where(self, index: int) -> str:
        """See `Store`."""
        return shown(str(self.paths[index]))

    def identity(self, index: int) -> str:
        """See `Store`."""
        path = self.paths[index]
        return f"{shown(path.relative_to(self.root).as_posix())}:{self.size(index)}"

    def size(self, index: int) -> int:
        """See `Store`."""
        return self.paths[index].stat().st_size


@dataclass(frozen=True)
class SpanStore:
    """Spans of bytes in a few large files, such as the members of a tar file.

    Attributes:
        files: Paths of the large files.
        names: Names of the images in these files.
        spans: Number of the file, offset and size of each image, int64 (N, 3) [bytes].
    """

    files: tuple[Path, ...]
    names: Sequence[str]
    spans: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.spans)

    def read(self, index: int, limit: int | None = None) -> bytes:
        """See `Store`."""
        file, offset, size = (int(number) for number in self.spans[index])
        if limit is None and size > LARGEST:
            raise OSError(TOO_LARGE)
        # Without a buffer, which would also read part of the next image.
        path: Path = self.files[file]
        with path.open("rb", buffering=0) as stream:
            stream.seek(offset)
            return stream.read(size if limit is None else min(size, limit))

    def where(self, index: int) -> str:
        """See `Store`."""
        return shown(f"{self.files[int(self.spans[index, 0])]}: {self.names[index]}")

    def identity(self, index: int) -> str:
        """See `Store`."""
        return f"{shown(self.names[index])}:{self.size(index)}"

    def size(self, index: int) -> int:
        """See `Store`."""
        return int(self.spans[index, 2])
