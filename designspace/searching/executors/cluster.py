"""Ray itself: begun and ended, and how much fits into it."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import ray
import ray.exceptions

from designspace.errors import DesignspaceError, InputError
from designspace.searching.ray_session import leftovers
from designspace.searching.ray_session.address import address, reachable, split
from designspace.searching.ray_session.quick_start import quick_start
from designspace.searching.request import Resources
from designspace.searching.resources.available import available, gpus_here
from designspace.stopping import asked, held_off, reinstall

RAY: Any = ray  # Ray's own annotations are partial
_WORKER: Any = import_module("ray._private.worker")
SCRATCH = ".ray"  # what Tune writes, in the study
NOTICED = 3.0  # seconds in which Ray notices a dead node, by the settings of `ray_settings`
NAMES = {"gcs_server": "control service", "raylet": "node process"}
_REFUSALS = (ConnectionError, RuntimeError, ValueError, OSError, ray.exceptions.RayError)


class Cluster:
    """A Ray that is in use.

    Attributes:
        own: whether this process began it, and ends it.
        lost: why it is of no use any more; empty as long as it is.
        nodes_lost: whether the head said that none of its nodes is alive.
    """

    lost_before = False

    def __init__(self, *, own: bool, study: Path | None = None) -> None:
        self.own, self.lost, self._study = own, "", study
        self.nodes_lost = False
        self._known: leftovers.Processes = {}
        self._node: Any = _WORKER._global_node
        self._head = split(self._node.gcs_address) if self._node is not None else None

    @property
    def session(self) -> Path:
        """Ray's directory of logs and sockets."""
        return Path(self._node.get_session_dir_path())

    def look(self) -> None:
        """Note in the study which processes a Ray of our own consists of by now."""
        begun = leftovers.tree(int(process.pid) for _, process in self._processes())
        if begun.keys() <= self._known.keys():
            return
        self._known |= begun
        if self._study is not None:
            with contextlib.suppress(InputError):  # the ledger says it if the disk is full
                leftovers.note(self._study, self.session, self._known)

    def trouble(self) -> str:
        """What happened to it, empty where nothing did. A killed head is noticed at once."""
        dead = [(kind, process) for kind, process in self._processes() if kind in NAMES]
        dead = [(kind, process) for kind, process in dead if process.poll() is not None]
        if dead:
            kind, process = dead[0]
            return f"Ray's {NAMES[kind]} ({kind}, pid {process.pid}) ended"
        if self._head is not None and not reachable(*self._head):
            whose = "control service" if self.own else "head"
            return f"Ray's {whose} at {self._head[0]}:{self._head[1]} no longer answers"
        return "Ray lost all its nodes" if self.nodes_lost else ""

    def survived(self) -> bool:
        """Whether it is still there once Ray has had the time to notice that a node is not."""
        until = time.monotonic() + NOTICED
        while not (self.lost or self.trouble()) and time.monotonic() < until:
            time.sleep(0.2)
        return not (self.lost or self.trouble())

    def end(self) -> None:
        """Kill and remove everything of a Ray of our own, without asking Ray."""
        if self.own:
            leftovers.remove(self.session, self._known)
        if self._study is not None:
            (self._study / leftovers.NAME).unlink(missing_ok=True)
            shutil.rmtree(self._study / SCRATCH, ignore_errors=True)

    def _processes(self) -> list[tuple[str, Any]]:
        if not self.own or self._node is None:
            return []
        begun = self._node.all_processes.items()
        return [(kind, info.process) for kind, infos in begun for info in infos]


@contextmanager
def cluster(
    study: Path | None = None, meanwhile: Callable[[], object] = lambda: None
) -> Generator[Cluster]:
    """A Ray of our own on loopback, or the one that RAY_ADDRESS names, or the one in use.

    It ends with the context. One that was lost is not ended by Ray, whose C++ code would abort
    the process: our own processes are killed, and this process leaves without Ray's clean-up.

    Args:
        study: Where to note what is to be removed if this process is killed.
        meanwhile: What this process does while the processes of a Ray of our own begin.

    Raises:
        InputError: The cluster refuses this process.
    """
    if Cluster.lost_before:
        raise DesignspaceError("Ray was lost in this process: go on in a new one")
    if study is not None:
        leftovers.clear(study)
    if ray.is_initialized():
        yield Cluster(own=False)
        return
    begun = _begun(address(), study, meanwhile)
    try:
        yield begun
    finally:
        if begun.lost or begun.trouble():
            Cluster.lost_before = True
            atexit.register(leave, 130 if asked() else 1)
        else:
            begun.look()
            with held_off():
                RAY.shutdown()
        begun.end()


def _begun(named: str, study: Path | None, meanwhile: Callable[[], object]) -> Cluster:
    own: dict[str, Any] = {
        "_node_ip_address": "127.0.0.1", "include_dashboard": False, "num_gpus": gpus_here(),
    }  # fmt: skip
    if not named:  # workers of our own inherit where to import from, as this process does
        os.environ["PYTHONPATH"] = os.pathsep.join(
            str(Path(entry).absolute()) for entry in sys.path
        )
    try:
        with contextlib.nullcontext() if named else quick_start(meanwhile):
            RAY.init(
                address=named or "local", log_to_driver=False, logging_level=logging.ERROR,
                **({} if named else own),
            )  # fmt: skip
    except _REFUSALS as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if named:
            raise InputError(f"RAY_ADDRESS={named}: Ray refuses: {said}") from None
        raise DesignspaceError(f"Ray cannot be started: {said}") from error
    reinstall()  # Ray handles SIGTERM as it begins
    begun = Cluster(own=not named, study=study)
    begun.look()
    return begun


def leave(code: int) -> None:
    """End the process at once, without what Ray would do at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(code)


def slots(resources: Resources) -> int:
    """How many attempts run at a time.

    Raises:
        InputError: Not even one fits.
    """
    return available("ray").require(resources)


def alive() -> bool:
    """Whether any of Ray's nodes is."""
    try:
        return any(node["Alive"] for node in RAY.nodes())
    except (ConnectionError, ray.exceptions.RayError):
        return False
