"""Ray itself: begun and ended, how much fits into it, and whether it is still alive."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
import ray.exceptions

from designspace.errors import InputError
from designspace.search.bridge import Bridge
from designspace.search.request import Resources

RAY: Any = ray  # Ray's own annotations are partial
POLL = 2.0  # seconds between two looks at whether Ray's nodes are alive
NOTICED = 3.0  # seconds in which Ray notices a dead node, by the settings of `ray_settings`
GRACE = 10.0  # seconds for Tune's loop to notice that it is to stop, before it is broken off


@contextmanager
def cluster() -> Generator[bool]:
    """A Ray of our own on loopback, or the one that RAY_ADDRESS names, or the one in use.

    Yields whether it is our own, and ends with the context.
    """
    if ray.is_initialized():
        yield False
        return
    address = os.environ.get("RAY_ADDRESS")
    own: dict[str, Any] = {"_node_ip_address": "127.0.0.1", "include_dashboard": False}
    if not address:  # workers of our own inherit where to import from, as this process does
        os.environ["PYTHONPATH"] = os.pathsep.join(
            str(Path(entry).absolute()) for entry in sys.path
        )
    RAY.init(
        address=address or "local", log_to_driver=False, logging_level=logging.ERROR,
        **({} if address else own),
    )  # fmt: skip
    try:
        yield not address
    finally:
        RAY.shutdown()


def slots(resources: Resources) -> int:
    """How many attempts run at a time.

    Raises:
        InputError: Not even one fits.
    """
    has = RAY.cluster_resources()
    by_cpu = int(has.get("CPU", 0) / resources.cpus)
    by_gpu = int(has.get("GPU", 0) / resources.gpus + 1e-6) if resources.gpus else by_cpu
    if not min(by_cpu, by_gpu):
        raise InputError(
            f"a trial asks for {resources.cpus} CPUs and {resources.gpus} GPUs; "
            f"Ray has {has.get('CPU', 0):g} and {has.get('GPU', 0):g}"
        )
    return min(by_cpu, by_gpu)


@contextmanager
def watchdog(bridge: Bridge) -> Generator[None]:
    """Notice that every node died, which Tune itself would wait out for ever."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(POLL):
            if not alive():
                bridge.lost = True
                if not over.wait(GRACE):
                    os.kill(os.getpid(), signal.SIGINT)  # the loop hangs: the handler breaks it off
                return

    thread = threading.Thread(target=watch, name="ray-watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(POLL)


def survived() -> bool:
    """Whether a node is still alive once Ray has had the time to notice that one is not."""
    until = time.monotonic() + NOTICED
    while alive() and time.monotonic() < until:
        time.sleep(0.2)
    return alive()


def alive() -> bool:
    """Whether any of Ray's nodes is."""
    try:
        return any(node["Alive"] for node in RAY.nodes())
    except (ConnectionError, ray.exceptions.RayError):
        return False
