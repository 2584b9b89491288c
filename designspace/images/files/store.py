"""Encoded images by number: files of their own, or spans of larger files.

Any image can be read at any time and by any process, so that shuffling is exact and a run can go on
from any step.
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
"""Bytes above which a file is no image that anyone would train on."""
TOO_LARGE = f"larger than {LARGEST >> 20} MiB"


class Store(Protocol):
    """The encoded images of a source, of all its splits."""

    def __len__(self) -> int: ...

    def read(self, index: int, limit: int | None = None) -> bytes:
        """An image's bytes, or the first `limit` of them.

        Raises:
            OSError: they cannot be read.
        """
        ...

    def where(self, index: int) -> str:
        """An image's place, for people."""
        ...

    def identity(self, index: int) -> str:
        """What tells an image from others without reading it: its name and size in bytes."""
        ...

    def size(self, index: int) -> int:
        """Bytes that an image takes in its file."""
        ...


@dataclass(frozen=True)
class FileStore:
    """One file per image.

    Attributes:
        root: directory that the names start from.
        paths: of the images.
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
        files: the large ones.
        names: of the images, in their files.
        spans: file's number, offset and size of each image: int64 (N, 3).
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
        # Unbuffered: a buffer would read on into the next image.
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
