"""SIGTERM stops a study as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], None]


def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's signature
    """Raise KeyboardInterrupt."""
    raise KeyboardInterrupt


@contextmanager
def stoppable(handler: Handler = interrupt) -> Generator[None]:
    """Have SIGINT and SIGTERM call a handler; outside the main thread nothing is changed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, handler) for number in numbers]
    try:
        yield
    finally:
        for number, old in zip(numbers, before, strict=True):
            signal.signal(number, old)
