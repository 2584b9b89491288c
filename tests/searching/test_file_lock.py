"""One writer per study, and no lock that outlives its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from designspace.errors import InputError
from designspace.records.file_lock import lock, locked, unlock

# Holds the lock, as a search does, with a forked child that goes on, as a worker may.
HOLDER = """
import os, sys, time
from pathlib import Path
from designspace.records.file_lock import lock
lock(Path(sys.argv[1]), "study")
if os.fork() == 0:
    print(os.getpid(), flush=True)
    time.sleep(60)
    os._exit(0)
time.sleep(60)
"""
READER = """
import sys
from pathlib import Path
from designspace.records.file_lock import locked
print("reading", flush=True)
for _ in range(1000):
    assert not locked(Path(sys.argv[1]))
"""


def begin(program: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_one_holder_at_a_time_also_inside_a_process(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    assert not locked(path)
    assert not path.exists()  # to ask is to read
    held = lock(path, "study")
    assert locked(path)
    with pytest.raises(InputError, match=rf"pid {os.getpid()}\) is writing this study"):
        lock(path, "study")
    assert locked(path)  # neither asking nor a refusal gives the lock away
    unlock(held)
    assert not locked(path)
    unlock(lock(path, "study"))


def test_a_killed_holder_leaves_no_lock_even_if_its_children_live(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with begin(HOLDER, path) as holder:
        child = int(first_line(holder))
        assert locked(path)
        with pytest.raises(InputError, match=rf"pid {holder.pid}\)"):
            lock(path, "study")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        os.kill(child, 0)  # it lives
        assert not locked(path)
        unlock(lock(path, "study"))
        os.kill(child, signal.SIGKILL)


def test_those_who_read_refuse_neither_one_another_nor_a_writer(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    path.touch()
    with begin(READER, path) as first, begin(READER, path) as second:
        for reader in (first, second):
            assert first_line(reader) == "reading\n"
        assert first.wait() == second.wait() == 0
    program = READER.replace("assert not", "")
    with begin(program, path) as reader:
        assert first_line(reader) == "reading\n"
        while reader.poll() is None:
            unlock(lock(path, "study"))
            time.sleep(0.001)


def test_a_study_in_a_place_that_cannot_be_written_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    path.touch()
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        assert not locked(path)
    finally:
        tmp_path.chmod(0o755)
