"""Kinds of a test, which are gone after it."""

from collections.abc import Generator
from contextlib import contextmanager

from designspace.layers.late_kinds import compile_again
from designspace.spec.network.families import FAMILIES, families


@contextmanager
def only_here() -> Generator[None]:
    """Forget the kinds that register within."""
    before = {name: dict(registry) for name, registry in families().items()}
    try:
        yield
    finally:
        for family in FAMILIES:
            registry = family.registry
            if registry != before[family.family_name]:
                registry.clear()
                registry.update(before[family.family_name])
                compile_again(family)
