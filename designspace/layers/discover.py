"""Discovery of kinds: import every module of a package, so that a new file is enough."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def import_all(package: str) -> list[ModuleType]:
    """Import every module of a package, in alphabetical order."""
    names = sorted(module.name for module in iter_modules(import_module(package).__path__))
    return [import_module(f"{package}.{name}") for name in names]
