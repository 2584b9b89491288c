"""The user's own list of trusted plug-ins: a text file with one path per line.

The list is `$XDG_CONFIG_HOME/designspace/plugins.txt`, by default in `~/.config`. Empty lines and
lines that begin with `#` are ignored. A file of the list runs only if data need a plug-in with
exactly its hash.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path


def trusted_list() -> Path:
    """Return the path of the list; the file need not exist."""
    configured = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    base = configured if configured.is_absolute() else Path("~/.config").expanduser()
    return base / "designspace" / "plugins.txt"


def trusted_file(sha256: str) -> Path | None:
    """Return the file of the list whose content has this hash; None if there is none."""
    for path in _listed():
        try:
            content = path.read_bytes()
        except OSError:  # moved or removed since it was listed
            continue
        if hashlib.sha256(content).hexdigest() == sha256:
            return path
    return None


def _listed() -> Iterator[Path]:
    try:
        lines = trusted_list().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        if line.strip() and not line.startswith("#"):
            yield Path(line.strip()).expanduser()
