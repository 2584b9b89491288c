"""Files that can be lost without loss: answers that took a while, under a key each.

They live in `$XDG_CACHE_HOME/designspace/spaces`, by default `~/.cache/designspace/spaces`, and
may be deleted at any time; `DESIGNSPACE_CACHE=off` neither reads nor writes them. A file holds the
SHA-256 of its content and then the content, so that whatever damage a disk or a killed process
does is noticed: such a file counts as missing, and the next answer takes its place. A file appears
whole or not at all, since it is renamed into its place. Together the files stay below a bound; the
ones that were not used for longest go first.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 256 << 20  # of all files together
_LARGEST = 64 << 20  # of one file
_SUFFIX = ".kept"
_SWITCH = "DESIGNSPACE_CACHE"


def read(key: str) -> bytes | None:
    """The content under a key; None where there is none, or not what was written."""
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
        os.utime(path)  # used just now
    return content


def write(key: str, content: bytes) -> None:
    """Keep a content under a key, where that is possible: a full or read-only disk is no error."""
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
    """Where a key's file stands; None where nothing is kept."""
    if os.environ.get(_SWITCH, "").lower() in ("off", "0", "no"):
        return None
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:  # a relative path is to be ignored: XDG Base Directory Specification, 0.8, "Basics"
        base = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None  # no home
    return base / "designspace" / "spaces" / f"{key}{_SUFFIX}"


def _make_room(directory: Path, room: int) -> None:
    """Remove the files that were not used for longest, until the others fit."""
    files: list[tuple[float, int, Path]] = []
    for path in directory.glob(f"*{_SUFFIX}"):
        with suppress(OSError):  # another process removes, too
            state = path.stat()
            files.append((state.st_mtime, state.st_size, path))
    taken = 0
    for _, size, path in sorted(files, reverse=True):
        taken += size
        if taken > room:
            with suppress(OSError):
                path.unlink(missing_ok=True)
