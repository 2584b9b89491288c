"""Finds the kinds of a room: every module of a package is imported, so a new file is enough."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules


def import_all(package: str) -> None:
    """Import every module of a package, in the order of their names."""
    for module in sorted(iter_modules(import_module(package).__path__), key=lambda m: m.name):
        import_module(f"{package}.{module.name}")
