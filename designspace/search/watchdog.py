"""Notice that Ray is lost before Ray's C++ code does, which would abort the process unheard."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

from designspace.search.bridge import Bridge
from designspace.search.cluster import Cluster, leave
from designspace.search.quiet import say

POLL = 0.5  # seconds between two looks
LOOK = 3.0  # seconds between two looks at the processes that Ray started
GRACE = 4.0  # seconds for Tune's loop to end by itself once Ray is lost
UNWINDING = 20.0  # seconds for it to end after a signal
GOES_ON = "the same command goes on from here"


@contextmanager
def watchdog(bridge: Bridge, cluster: Cluster) -> Generator[None]:
    """Tell the bridge that Ray is lost; where that does not end the loop, end the process."""
    over = threading.Event()
    thread = threading.Thread(
        target=_watch, args=(bridge, cluster, over), name="ray-watchdog", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(POLL)


def _watch(bridge: Bridge, cluster: Cluster, over: threading.Event) -> None:
    asked: float | None = None
    looked = 0.0
    while not over.wait(POLL):
        trouble = cluster.trouble()
        if trouble and not over.is_set():
            cluster.lost = bridge.lost = trouble
            if not over.wait(GRACE):
                _leave(bridge, cluster)
            return
        if time.monotonic() - looked > LOOK:
            looked = time.monotonic()
            cluster.look()
        if bridge.interrupted:
            asked = asked or time.monotonic()
            if time.monotonic() - asked > UNWINDING:
                _leave(bridge, cluster)


def _leave(bridge: Bridge, cluster: Cluster) -> None:
    """Say why, end what is ours, and leave: the main thread hangs inside Ray."""
    if bridge.interrupted:
        say(f"interrupted; {GOES_ON}")
    else:
        say(f"error: {lost_line(bridge.lost)}")
    cluster.end()
    leave(130 if bridge.interrupted else 1)


def lost_line(lost: str) -> str:
    """What happened, and how to go on."""
    return f"{lost}; nothing that was recorded is lost, and {GOES_ON}"
