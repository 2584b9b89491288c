"""A signal stops a command cleanly, and those that follow it change nothing."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from designspace import stopping
from designspace.records.study.ledger import read
from designspace.records.study.state import StudyState
from designspace.searching.study import run_study
from tests.helpers import toy
from tests.helpers.command import run
from tests.helpers.trainings import tiny_data, tiny_run

ROOT = Path(__file__).parents[2]
MAIN = ROOT / "tests" / "helpers" / "toy_main.py"
STOPS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def begin(words: Sequence[object], directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *(str(word) for word in words)],
        cwd=directory, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not happened():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def stop(process: subprocess.Popen[str], numbers: Sequence[int]) -> tuple[int, str]:
    for number in numbers:
        process.send_signal(number)
        time.sleep(0.03)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


@pytest.mark.parametrize(
    "numbers", [[signal.SIGHUP], [signal.SIGINT] * 3, [signal.SIGHUP, signal.SIGTERM] * 3]
)
def test_signals_stop_a_study_of_the_local_executor(tmp_path: Path, numbers: list[int]) -> None:
    settings: dict[str, Any] = {"trials": 6, "proposer": "random", "recipe": {"sleep": 0.02}}
    study = tmp_path / "s"
    process = begin([MAIN, study, json.dumps(settings)], tmp_path)
    ledger = study / "trials.jsonl"
    wait_for(lambda: ledger.exists() and ledger.read_bytes().count(b"\n") > 12, process)
    assert stop(process, numbers) == (130, "")
    assert StudyState.replay(read(ledger)).action == "interrupted"
    assert run_study(toy.request(study, **settings)).exit_code == 0


@pytest.mark.parametrize(
    "numbers",
    [
        [signal.SIGHUP, signal.SIGINT, signal.SIGTERM],
        pytest.param([signal.SIGINT] * 4, marks=pytest.mark.slow),
        pytest.param([signal.SIGTERM], marks=pytest.mark.slow),
    ],
)
def test_signals_stop_a_training_and_its_record_says_so(tmp_path: Path, numbers: list[int]) -> None:
    words = ["-m", "designspace", "train", "convnext_proxy", "--out", "run", "--device", "cpu"]
    process = begin(words, tmp_path)
    metrics = tmp_path / "run" / "record.json"
    wait_for(lambda: metrics.exists() and '"running"' in metrics.read_text(), process)
    time.sleep(0.2)
    code, said = stop(process, numbers)
    assert code == 130
    assert "Traceback" not in said
    assert said.splitlines()[-1] == "interrupted; the same command continues from here"
    assert json.loads(metrics.read_text())["outcome"]["state"] == "interrupted"


@pytest.mark.parametrize("after", [0.05, 0.3, 1.0])
def test_signals_at_any_moment_end_a_command_in_one_line(tmp_path: Path, after: float) -> None:
    process = begin(["-m", "designspace", "train", "convnext_proxy", "--out", "run"], tmp_path)
    time.sleep(after)
    sent = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
    code, said = stop(process, sent)
    # Before Python itself is up, the system ends it: of several that wait, by the lowest number.
    assert code in (130, *(-number for number in sent))
    assert len(said.splitlines()) <= 2
    assert "Traceback" not in said


def test_nohup_goes_on_when_the_terminal_is_closed() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping.stoppable(stopping.interrupt):
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_only_the_innermost_handler_is_called_and_only_once() -> None:
    heard: list[str] = []
    before = [signal.getsignal(number) for number in STOPS]
    with stopping.stoppable(lambda *_: heard.append("outer")):
        with stopping.stoppable(lambda *_: heard.append("inner")):
            for number in STOPS:
                os.kill(os.getpid(), number)
        os.kill(os.getpid(), signal.SIGINT)
        assert stopping.asked()
    assert heard == ["inner"]
    assert [signal.getsignal(number) for number in STOPS] == before


def test_a_hanging_shutdown_can_be_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "PATIENCE", 0.0)
    heard: list[int] = []
    with stopping.stoppable(lambda number, _: heard.append(number)):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
    assert heard == [signal.SIGINT, signal.SIGTERM]


def test_status_tells_whether_a_search_runs(tmp_path: Path) -> None:
    study = tmp_path / "s"
    settings = {"trials": 4, "proposer": "random", "recipe": {"sleep": 0.3}}
    process = begin([MAIN, study, json.dumps(settings)], tmp_path)
    ledger = study / "trials.jsonl"
    wait_for(lambda: ledger.exists() and b'"epoch"' in ledger.read_bytes(), process)
    assert json.loads(run("status", study, "--json").out)["running"] is True
    assert "1 running" in run("status", study).out
    assert stop(process, [signal.SIGKILL])[0] == -signal.SIGKILL
    assert json.loads(run("status", study, "--json").out)["running"] is False
    said = run("status", study).out
    assert "1 interrupted" in said
    assert "(not running; repeat the search command to continue)" in said


def test_signals_are_held_off_though_native_code_resets_them() -> None:
    libc = ctypes.CDLL(None)
    heard: list[int] = []
    with stopping.stoppable(lambda number, _: heard.append(number)):
        with stopping.held_off():
            libc.signal(int(signal.SIGTERM), 0)  # the system's own handler, as Ray's C++ code does
            time.sleep(0.1)
            os.kill(os.getpid(), signal.SIGTERM)
        assert heard == []
        os.kill(os.getpid(), signal.SIGTERM)
    assert heard == [signal.SIGTERM]


def test_an_interruption_that_a_library_swallows_comes_back() -> None:
    stopping.check()
    with stopping.stoppable(stopping.interrupt):
        with contextlib.suppress(KeyboardInterrupt):  # as a destructor or a callback does
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            stopping.check()
    stopping.check()


def test_a_training_ends_though_its_interruption_was_swallowed(tmp_path: Path) -> None:
    run = tiny_run(tiny_data(tmp_path), tmp_path / "run", {})
    with stopping.stoppable(stopping.interrupt):
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            run.train_epoch()
