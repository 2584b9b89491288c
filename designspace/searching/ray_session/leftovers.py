"""The processes and the temporary directory that our own Ray may leave behind.

A file in the study names them, so that the next search of the study can remove those of a search
that was killed. A process is identified by its id and the time of its start, so that no foreign
process is ever ended.
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
PREFIX = "session_"  # prefix of Ray's session directories
PATIENCE = 5.0  # seconds for killed processes to end


Processes = dict[int, float]
"""Process ids, with the times of their starts [unix seconds]."""


def tree(pids: Iterable[int]) -> Processes:
    """Return processes with all their running descendants."""
    psutil, found = _psutil(), Processes()
    for each in _of(pids):
        with contextlib.suppress(psutil.Error):
            below = [each, *each.children(recursive=True)]
            found |= {one.pid: one.create_time() for one in below}
    return found


def note(study: Path, session: Path, processes: Processes) -> None:
    """Record the processes and the directory of a session in the study.

    Raises:
        InputError: The disk is full or not writable.
    """
    text = json.dumps({"session": str(session), "processes": list(processes.items())})
    write_text_atomic(study / NAME, text)


def clear(study: Path) -> None:
    """End and remove the leftovers of an earlier search of the study, whose lock we hold."""
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
    """Kill processes with all their descendants, and remove the directory of their session."""
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
    """Remove a session's directory, and the link to the latest session if it pointed there."""
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
    """Return Ray's own copy of psutil, which is importable once Ray is imported."""
    import_module("ray")
    return import_module("psutil")
