"""Signals that ask a process to stop: the first one is handled, further ones are ignored.

SIGINT, SIGTERM and SIGHUP mean the same: stop, and leave everything so that the same command
goes on. Shutting down takes a moment, in which impatient users press Ctrl-C again, and a closed
terminal sends several signals; a second one must not break off what the first one began. Only
after `PATIENCE` seconds is another signal handled again, for a shutdown that hangs.
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
    """The handlers in force, the innermost last, and when the first signal came."""

    def __init__(self) -> None:
        self.handlers: list[Handler] = []
        self.asked: float | None = None
        self.pid = os.getpid()

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal, unless another one is being handled already."""
        if os.getpid() != self.pid:
            _in_child(number)
        elif self.asked is None or time.monotonic() - self.asked >= PATIENCE:
            self.asked = time.monotonic()
            (self.handlers[-1] if self.handlers else interrupt)(number, frame)


def _in_child(number: int) -> None:
    """In a forked worker, which its parent ends: a terminal signals both of them."""
    if number == signal.SIGTERM:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


_stops = _Stops()


def interrupt(*_: object) -> Never:
    """Raise KeyboardInterrupt, as Python itself does for SIGINT."""
    raise KeyboardInterrupt


def asked() -> bool:
    """Whether a signal has asked this process to stop."""
    return _stops.asked is not None


def check() -> None:
    """Raise KeyboardInterrupt once more, where a signal came and the first one was lost.

    Python raises it wherever the main thread happens to be. In a destructor, a callback or a
    library's bare `except` it disappears, so long loops ask at every step.
    """
    if _stops.handlers and _stops.asked is not None:
        raise KeyboardInterrupt


@contextmanager
def stoppable(handler: Handler, *, final: bool = False) -> Generator[None]:
    """Have the first SIGINT, SIGTERM or SIGHUP call a handler, and ignore those that follow.

    Contexts nest; the innermost handler is called. Outside the main thread nothing is changed.

    Args:
        handler: Called with the number of the signal and the frame that it came in.
        final: The process ends with the context: from then on the signals are ignored.
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
    """Handle the signals again, after a library has put its own handlers in place."""
    if _stops.handlers and threading.current_thread() is threading.main_thread():
        _install()


def _install() -> dict[int, Any]:
    """Handle the signals, SIGHUP unless `nohup` has it ignored; returns what handled them."""
    numbers = [number for number in NUMBERS if not (number.name == "SIGHUP" and _ignored(number))]
    return {number: signal.signal(number, _stops) for number in numbers}


def _ignored(number: signal.Signals) -> bool:
    return signal.getsignal(number) is signal.SIG_IGN


def die_of_broken_pipes() -> None:
    """Let the system end this process, silently, when the reader of its output goes."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


@contextmanager
def unbroken_pipes() -> Generator[None]:
    """Have writing to a closed pipe raise an error instead of ending the process unheard."""
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
    """Ignore the signals while a library's native code resets what handles them.

    Ray's shutdown gives SIGTERM back to the system, which would end the process. Only the C library
    can set a handler from another thread, and it does so again every millisecond.
    """
    if os.name == "nt":  # its processes end without signals
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
    """Ignore the signals while Python ends, when it no longer handles them."""
    for number in NUMBERS:
        signal.signal(number, signal.SIG_IGN)
