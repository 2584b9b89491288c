"""What a Ray of our own leaves behind: processes, and a directory in the temporary directory.

A file in the study says which they are, so that the next search of the study can remove those of
one that was killed. Processes are known by their number and the time that they began: never are
those of anybody else ended.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from designspace.spec.documents.document import write_text_atomic

NAME = ".ray-session.json"
PREFIX = "session_"  # of a session's directory, as Ray names it
PATIENCE = 5.0  # seconds for killed processes to be gone


Processes = dict[int, float]
"""Numbers of processes, with the times that they began."""


def tree(pids: Iterable[int]) -> Processes:
    """Processes with all that they started, and which still run below them."""
    psutil, found = _psutil(), Processes()
    for each in _of(pids):
        with contextlib.suppress(psutil.Error):
            below = [each, *each.children(recursive=True)]
            found |= {one.pid: one.create_time() for one in below}
    return found


def note(study: Path, session: Path, processes: Processes) -> None:
    """Write down what a session consists of.

    Raises:
        InputError: The disk is full or not writable.
    """
    text = json.dumps({"session": str(session), "processes": list(processes.items())})
    write_text_atomic(study / NAME, text)


def clear(study: Path) -> None:
    """End and remove what an earlier search of the study left, whose lock we hold by now."""
    file = study / NAME
    try:
        noted = json.loads(file.read_text(encoding="utf-8"))
        session, processes = Path(noted["session"]), Processes(noted["processes"])
    except (OSError, ValueError, KeyError, TypeError):
        file.unlink(missing_ok=True)
        return
    remove(session, processes)
    file.unlink(missing_ok=True)


def remove(session: Path, processes: Processes) -> None:
    """Kill processes with all that they started, and remove the directory of their session."""
    if not session.name.startswith(PREFIX):
        return
    psutil = _psutil()
    still = [one.pid for one in _of(processes) if one.create_time() == processes[one.pid]]
    ended = list(_of(tree(still)))
    for each in ended:
        with contextlib.suppress(psutil.Error):
            each.kill()
    psutil.wait_procs(ended, timeout=PATIENCE)
    remove_directory(session)


def remove_directory(session: Path) -> None:
    """Remove a session's directory, and the link to the latest session where it was this one."""
    shutil.rmtree(session, ignore_errors=True)
    latest = session.parent / f"{PREFIX}latest"
    if latest.is_symlink() and not latest.exists():
        latest.unlink(missing_ok=True)


def _of(pids: Iterable[int]) -> Iterable[Any]:
    psutil = _psutil()
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            yield psutil.Process(pid)


def _psutil() -> Any:
    """Ray's own copy, which is found once Ray is imported."""
    import_module("ray")
    return import_module("psutil")
