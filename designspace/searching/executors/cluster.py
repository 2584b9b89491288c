"""Ray's start, end and capacity."""

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
SCRATCH = ".ray"  # directory for Tune's files, in the study
NOTICED = 3.0  # seconds in which Ray notices a dead node, with the settings in `ray_settings`
NAMES = {"gcs_server": "control service", "raylet": "node process"}
_REFUSALS = (ConnectionError, RuntimeError, ValueError, OSError, ray.exceptions.RayError)


class Cluster:
    """A Ray cluster in use.

    Attributes:
        own: Whether this process started it, and ends it.
        lost: Reason why it can no longer be used; empty while it can.
        nodes_lost: Whether the head reports that none of its nodes is alive.
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
        """Record in the study the present processes of a Ray that we started."""
        begun = leftovers.tree(int(process.pid) for _, process in self._processes())
        if begun.keys() <= self._known.keys():
            return
        self._known |= begun
        if self._study is not None:
            with contextlib.suppress(InputError):  # if the disk is full, the ledger reports it
                leftovers.note(self._study, self.session, self._known)

    def trouble(self) -> str:
        """Return what is wrong with Ray, or empty text. A killed head is noticed at once."""
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
        """Wait until Ray would have noticed a dead node; return whether it still works."""
        until = time.monotonic() + NOTICED
        while not (self.lost or self.trouble()) and time.monotonic() < until:
            time.sleep(0.2)
        return not (self.lost or self.trouble())

    def end(self) -> None:
        """Kill and remove everything of a Ray that we started, without asking Ray."""
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
    """Use the Ray that is already initialised, the one that RAY_ADDRESS names, or start one.

    A Ray that we start listens on the loopback address, and ends with the context. If Ray was lost,
    we do not call its shutdown, because its C++ code would abort the process: our own processes are
    killed, and this process exits without Ray's clean-up.

    Args:
        study: Directory of the study, to record what must be removed if this process is killed.
        meanwhile: Function to call while the processes of our own Ray start.

    Raises:
        InputError: The cluster refuses this process.
        DesignspaceError: Ray was lost in this process before, or cannot be started.
    """
    if Cluster.lost_before:
        raise DesignspaceError("this process lost its connection to Ray: continue in a new process")
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
    if not named:  # workers of our own inherit the import paths of this process
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
    reinstall()  # Ray installs a handler for SIGTERM when it starts
    begun = Cluster(own=not named, study=study)
    begun.look()
    return begun


def leave(code: int) -> None:
    """End the process at once, without Ray's exit handlers."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(code)


def slots(resources: Resources) -> int:
    """Return the number of attempts that run at a time.

    Raises:
        InputError: Not even one attempt fits.
    """
    return available("ray").require(resources)


def alive() -> bool:
    """Return whether any of Ray's nodes is alive."""
    try:
        return any(node["Alive"] for node in RAY.nodes())
    except (ConnectionError, ray.exceptions.RayError):
        return False
