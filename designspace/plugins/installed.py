"""Plug-ins of installed packages: entry points in the group `designspace.kinds`.

A package declares, for example, `focal = "focal_kinds.mixers"` there, and the module registers its
kinds when it is imported. It is imported at the first unknown kind, so that a program without such
kinds does not pay for the look-up, when data name a plug-in that is not loaded, and when all kinds
are listed.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from designspace.errors import InputError
from designspace.plugins.loading import Plugin, remember

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "designspace.kinds"


@cache
def load_installed() -> bool:
    """Import every entry point of the group, once per process.

    Returns:
        True if there is any.

    Raises:
        InputError: An entry point cannot be imported; the message names it and its package.
    """
    from importlib.metadata import entry_points

    found = entry_points(group=GROUP)
    for entry in found:
        remember(_loaded(entry))
    return bool(found)


def _loaded(entry: EntryPoint) -> Plugin:
    package = entry.dist.name if entry.dist else "a package"
    try:
        entry.load()
    except Exception as error:
        raise InputError(
            f"the entry point '{entry.name}' of {package} cannot be imported: "
            f"{type(error).__name__}: {error}",
            hint=f"repair or remove {package}",
        ) from error
    import sys

    path = getattr(sys.modules[entry.module], "__file__", None) or ""
    content = Path(path).read_bytes() if path else b""
    digest = hashlib.sha256(content).hexdigest()
    return Plugin(entry.name, path, digest, entry.module, "")
