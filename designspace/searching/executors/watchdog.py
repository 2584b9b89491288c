"""The watchdog: notices that Ray is lost before Ray's C++ code aborts the process silently."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

from designspace.searching.executors.cluster import Cluster, alive, leave
from designspace.searching.executors.tune_state import Bridge
from designspace.searching.ray_session.quiet import say

POLL = 0.25  # seconds between two checks
ASK = 2.0  # seconds between two queries for the nodes of a cluster that is not our own
LOOK = 3.0  # seconds between two records of the processes that Ray started
GRACE = 2.0  # seconds for Tune's loop to end by itself after Ray is lost
UNWINDING = 20.0  # seconds for it to end after a signal
GOES_ON = "the same command continues from here"


@contextmanager
def watchdog(bridge: Bridge, cluster: Cluster) -> Generator[None]:
    """Tell the bridge when Ray is lost; if the loop does not end then, end the process."""
    over = threading.Event()
    watching = threading.Thread(target=_watch, args=(bridge, cluster, over), daemon=True)
    asking = threading.Thread(target=_ask, args=(cluster, over), daemon=True)
    for thread in (watching, asking):
        thread.start()
    try:
        yield
    finally:
        over.set()
        watching.join(2 * POLL)


def _ask(cluster: Cluster, over: threading.Event) -> None:
    """Query a foreign head for its nodes, in a thread: that takes long if the head just died."""
    while not cluster.own and not over.wait(ASK):
        cluster.nodes_lost = not alive()


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
    """Print the reason, end our own processes, and exit: the main thread hangs inside Ray."""
    if bridge.interrupted:
        say(f"interrupted; {GOES_ON}")
    else:
        say(f"error: {lost_line(bridge.lost)}")
    cluster.end()
    leave(130 if bridge.interrupted else 1)


def lost_line(lost: str) -> str:
    """Return a message with the reason and how to continue."""
    return f"{lost}; nothing that was recorded is lost; {GOES_ON}"
