"""Import modules while this process waits for others."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import import_module


@contextmanager
def imported(*modules: str) -> Generator[None]:
    """Import modules in a thread that ends before the context does.

    They must have nothing to do with what is imported within the context: two threads that import
    modules of one package may find them half made.
    """
    thread = threading.Thread(target=_import, args=(modules,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _import(modules: tuple[str, ...]) -> None:
    with suppress(ImportError):  # who needs it imports it again, and says so
        for name in modules:
            import_module(name)
