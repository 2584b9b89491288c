"""Ray is killed under a study: one line says so, nothing is left, and the same command goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from designspace.records.study.ledger import read
from designspace.records.study.state import StudyState
from designspace.searching.ray_session import leftovers
from designspace.searching.ray_session.ray_settings import prepare
from designspace.searching.study import run_study
from tests.helpers import toy

MAIN = Path(__file__).parents[1] / "helpers" / "toy_main.py"
SETTINGS: dict[str, Any] = {"trials": 4, "proposer": "random", "recipe": {"sleep": 0.3}}


def begin(study: Path, temporary: Path) -> subprocess.Popen[str]:
    variables = {**os.environ, "PYTHONPATH": str(MAIN.parents[2]), "RAY_TMPDIR": str(temporary)}
    variables.pop("RAY_ADDRESS", None)
    process = subprocess.Popen(
        [sys.executable, str(MAIN), str(study), json.dumps({**SETTINGS, "executor": "ray"})],
        env=variables, text=True, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    ledger = study / "trials.jsonl"
    while not ledger.exists() or ledger.read_bytes().count(b"\n") < 6:
        assert process.poll() is None
        time.sleep(0.05)
    return process


def children(session: int) -> dict[str, int]:
    listed = subprocess.run(
        ["ps", "-eo", "pid,sid,comm"], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()[1:]]
    return {name: int(pid) for pid, sid, name in rows if int(sid) == session}


def sessions(temporary: Path) -> list[Path]:
    return list(temporary.glob("ray/session_*"))


@pytest.fixture
def temporary() -> Path:
    """Short, since the names of Ray's sockets are limited."""
    return Path(tempfile.mkdtemp(prefix="ds", dir="/tmp"))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("victim", "number"),
    [("gcs_server", signal.SIGKILL), ("gcs_server", signal.SIGTERM), ("raylet", signal.SIGKILL)],
)
def test_a_lost_ray_is_said_in_one_line(
    tmp_path: Path, temporary: Path, victim: str, number: int
) -> None:
    process = begin(tmp_path / "s", temporary)
    os.kill(children(process.pid)[victim], number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.startswith("error: Ray")
    assert said.endswith("the same command continues from here\n")
    assert said.count("\n") == 1
    assert not sessions(temporary)
    assert not list((tmp_path / "s").glob(".ray*"))
    assert not {"gcs_server", "raylet"} & children(process.pid).keys()
    assert run_study(toy.request(tmp_path / "s", **SETTINGS)).exit_code == 0


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_three_quick_signals_stop_cleanly(tmp_path: Path, temporary: Path, number: int) -> None:
    process = begin(tmp_path / "s", temporary)
    for _ in range(3):
        process.send_signal(number)
        time.sleep(0.1)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "")
    assert StudyState.replay(read(tmp_path / "s" / "trials.jsonl")).action == "interrupted"
    assert not sessions(temporary)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_next_run_removes_what_a_killed_one_left(tmp_path: Path, temporary: Path) -> None:
    process = begin(tmp_path / "s", temporary)
    process.kill()
    process.communicate()
    assert sessions(temporary)
    noted = json.loads((tmp_path / "s" / leftovers.NAME).read_text())["processes"]
    prepare()
    leftovers.clear(tmp_path / "s")
    assert not sessions(temporary)
    assert not leftovers.tree(pid for pid, _ in noted)


def test_processes_of_others_are_left_alone(tmp_path: Path) -> None:
    prepare()
    other, own = subprocess.Popen(["sleep", "60"]), subprocess.Popen(["sleep", "60"])
    session = tmp_path / "session_of_ours"
    session.mkdir()
    processes = leftovers.tree([own.pid])
    processes[other.pid] = processes[own.pid] - 1000.0  # its number was used by another before
    leftovers.note(tmp_path, session, processes)
    leftovers.clear(tmp_path)
    assert not leftovers.tree([own.pid])
    assert other.poll() is None
    assert not session.exists()
    own.wait()
    other.kill()
    other.wait()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"session": 3, "processes": [[]]}', "\0"])
def test_a_damaged_note_is_dropped(tmp_path: Path, text: str) -> None:
    (tmp_path / leftovers.NAME).write_text(text)
    leftovers.clear(tmp_path)
    assert not (tmp_path / leftovers.NAME).exists()


def test_only_directories_of_sessions_are_removed(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    leftovers.remove(tmp_path / "photos", {})
    assert (tmp_path / "photos").exists()
