"""SIGTERM stops a study as Ctrl-C does, and no broken pipe ends it unheard."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], None]


@contextmanager
def stoppable(handler: Handler) -> Generator[None]:
    """Have SIGINT and SIGTERM call a handler, and SIGPIPE nothing: writing raises instead.

    Outside the main thread nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {signal.SIGINT: handler, signal.SIGTERM: handler, signal.SIGPIPE: signal.SIG_IGN}
    before = {number: signal.signal(number, each) for number, each in handlers.items()}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
