"""Signals that ask a process to stop: the first one is handled, further ones are ignored.

SIGINT, SIGTERM and SIGHUP have the same meaning: stop, and leave everything in a state from which
the same command continues. Shutting down takes a moment. Impatient users press Ctrl-C again in
that moment, and a closed terminal sends several signals. A second signal must not break off the
shutdown that the first one began. Another signal is handled only after `PATIENCE` seconds, in case
the shutdown hangs.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Never

Handler = Callable[[int, FrameType | None], None]

# Windows has no SIGHUP and no SIGPIPE.
NUMBERS = tuple(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
PATIENCE = 30.0  # seconds in which further signals are ignored


class _Stops:
    """The handlers in force, the innermost last, and the time of the first signal."""

    def __init__(self) -> None:
        self.handlers: list[Handler] = []
        self.asked: float | None = None
        self.pid = os.getpid()

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal, unless one was handled less than `PATIENCE` seconds ago."""
        if os.getpid() != self.pid:
            _in_child(number)
        elif self.asked is None or time.monotonic() - self.asked >= PATIENCE:
            self.asked = time.monotonic()
            (self.handlers[-1] if self.handlers else interrupt)(number, frame)


def _in_child(number: int) -> None:
    """Obey only SIGTERM in a forked worker: its parent ends it, and a terminal signals both."""
    if number == signal.SIGTERM:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


_stops = _Stops()


def interrupt(*_: object) -> Never:
    """Raise KeyboardInterrupt, as Python itself does for SIGINT."""
    raise KeyboardInterrupt


def asked() -> bool:
    """Return whether a signal has asked this process to stop."""
    return _stops.asked is not None


def check() -> None:
    """Raise KeyboardInterrupt again if a signal came, in case the first exception was lost.

    Python raises it wherever the main thread happens to be. In a destructor, a callback or a
    library's bare `except` it disappears, so long loops call this function at every step.
    """
    if _stops.handlers and _stops.asked is not None:
        raise KeyboardInterrupt


@contextmanager
def stoppable(handler: Handler, *, final: bool = False) -> Generator[None]:
    """Call a handler on the first SIGINT, SIGTERM or SIGHUP, and ignore the ones that follow.

    Contexts nest; the innermost handler is called. Outside the main thread this does nothing.

    Args:
        handler: Callback that gets the number of the signal and the interrupted frame.
        final: Whether the process ends with the context; from then on the signals are ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    outermost = not _stops.handlers
    if outermost:
        _stops.asked, _stops.pid = None, os.getpid()
    before = _install()
    _stops.handlers.append(handler)
    try:
        yield
    finally:
        if final:
            _stops.asked = time.monotonic()
            atexit.register(_be_deaf)
        elif outermost:
            for number, old in before.items():
                signal.signal(number, old)
        _stops.handlers.remove(handler)


def reinstall() -> None:
    """Install the signal handlers again, after a library has installed its own."""
    if _stops.handlers and threading.current_thread() is threading.main_thread():
        _install()


def _install() -> dict[int, Any]:
    """Install the handlers, except for a SIGHUP that `nohup` ignores; return the former ones."""
    numbers = [number for number in NUMBERS if not (number.name == "SIGHUP" and _ignored(number))]
    return {number: signal.signal(number, _stops) for number in numbers}


def _ignored(number: signal.Signals) -> bool:
    return signal.getsignal(number) is signal.SIG_IGN


def die_of_broken_pipes() -> None:
    """Let the system end this process silently when the reader of its output closes the pipe."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


@contextmanager
def unbroken_pipes() -> Generator[None]:
    """Let a write to a closed pipe raise an error instead of ending the process silently."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or not hasattr(signal, "SIGPIPE"):
        yield
        return
    before = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGPIPE, before)


@contextmanager
def held_off() -> Generator[None]:
    """Ignore the signals while a library's native code resets their handlers.

    Ray's shutdown restores the system's default for SIGTERM, which would end the process. Only the
    C library can set a handler from another thread, and this thread does so every millisecond.
    """
    if os.name == "nt":  # Windows ends processes without signals
        yield
        return
    over = threading.Event()
    libc = ctypes.CDLL(None)
    libc.signal.argtypes, libc.signal.restype = (ctypes.c_int, ctypes.c_void_p), ctypes.c_void_p

    def hold() -> None:
        while not over.wait(0.001):
            for number in NUMBERS:
                libc.signal(int(number), int(signal.SIG_IGN))

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        if threading.current_thread() is threading.main_thread():
            for number in NUMBERS:
                signal.signal(number, signal.getsignal(number) or signal.SIG_DFL)


def _be_deaf() -> None:
    """Ignore the signals while Python exits and no longer handles them."""
    for number in NUMBERS:
        signal.signal(number, signal.SIG_IGN)
