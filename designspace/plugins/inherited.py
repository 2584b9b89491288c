"""Plug-ins in child processes: a child finds the classes that its parent pickled.

A child that Python starts anew (a data loader's worker under `spawn` or `forkserver`) unpickles
objects by the names of their modules. The modules of plug-ins are on no path, so a finder provides
them: it reads the file of each module from an environment variable that this process sets and its
children inherit, and runs a file only if it still has the hash that was loaded here.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = "designspace_plugins"
VARIABLE = "DESIGNSPACE_LOADED_PLUGINS"


class Finder(MetaPathFinder):
    """Finder of the modules of plug-ins that a parent process loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of the package of all plug-ins, or of one of them; None for others."""
        del path, target
        if fullname == PACKAGE:
            return ModuleSpec(PACKAGE, None, is_package=True)
        if fullname not in _handed_down():
            return None
        return spec_from_loader(fullname, _Loader(fullname))


class _Loader(Loader):
    """Loader that runs the file of a plug-in, if it is still the one that was loaded."""

    def __init__(self, name: str) -> None:
        self._name = name

    def exec_module(self, module: ModuleType) -> None:
        """Run the file.

        Raises:
            ImportError: The file has changed.
        """
        path, sha256 = _handed_down()[self._name]
        source = Path(path).read_bytes()
        if hashlib.sha256(source).hexdigest() != sha256:
            raise ImportError(
                f"{path} changed while the program was running", name=self._name, path=path
            )
        module.__file__ = path
        exec(compile(source, path, "exec"), vars(module))


def install() -> None:
    """Install the finder, once."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.append(Finder())


def hand_down(module: str, path: str, sha256: str) -> None:
    """Make a plug-in known to the children of this process."""
    os.environ[VARIABLE] = json.dumps(_handed_down() | {module: [path, sha256]})


def _handed_down() -> dict[str, Any]:
    return json.loads(os.environ.get(VARIABLE) or "{}")
