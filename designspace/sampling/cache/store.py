"""A cache of files: results that took long to compute, one file per key.

The files are in `$XDG_CACHE_HOME/designspace/spaces` (default: `~/.cache/designspace/spaces`) and
may be deleted at any time. With `DESIGNSPACE_CACHE=off` they are neither read nor written. A file
holds the SHA-256 of its content and then the content, so damage by a disk or a killed process is
detected: such a file counts as missing and is replaced by the next result. A file appears whole or
not at all, because it is renamed into place. The total size of the files is bounded; the least
recently used ones are removed first.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 256 << 20  # largest total size of all files
_LARGEST = 64 << 20  # largest size of one file
_SUFFIX = ".kept"
_SWITCH = "DESIGNSPACE_CACHE"


def read(key: str) -> bytes | None:
    """Read the content under a key; None if it is missing or damaged."""
    path = _path(key)
    if path is None:
        return None
    try:
        whole = path.read_bytes()
    except OSError:
        return None
    digest, content = whole[:32], whole[32:]
    if hashlib.sha256(content).digest() != digest:
        return None
    with suppress(OSError):
        os.utime(path)  # marks the file as used
    return content


def write(key: str, content: bytes) -> None:
    """Keep a content under a key if possible; a full or read-only disk is not an error."""
    path = _path(key)
    if path is None or len(content) > _LARGEST:
        return
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_room(path.parent, MOST_BYTES - len(content))
        descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=_SUFFIX)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(hashlib.sha256(content).digest() + content)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def _path(key: str) -> Path | None:
    """Return the path of a key's file; None if nothing is kept."""
    if os.environ.get(_SWITCH, "").lower() in ("off", "0", "no"):
        return None
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:  # relative paths are ignored: XDG Base Directory Specification, 0.8, "Basics"
        base = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None  # no home
    return base / "designspace" / "spaces" / f"{key}{_SUFFIX}"


def _make_room(directory: Path, room: int) -> None:
    """Remove the least recently used files until the others fit."""
    files: list[tuple[float, int, Path]] = []
    for path in directory.glob(f"*{_SUFFIX}"):
        with suppress(OSError):  # another process may remove files, too
            state = path.stat()
            files.append((state.st_mtime, state.st_size, path))
    taken = 0
    for _, size, path in sorted(files, reverse=True):
        taken += size
        if taken > room:
            with suppress(OSError):
                path.unlink(missing_ok=True)
