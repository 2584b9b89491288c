"""Kill the driver at random moments; the same command again must bring the study to its end."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from designspace.records.study.events import EpochEnded, Proposed, SplitRead, Started
from designspace.records.study.ledger import read
from designspace.records.study.state import StudyState
from designspace.searching.schedulers.asha import disagreements
from designspace.searching.study import run_study
from tests.helpers import toy
from tests.helpers.trial_records import require_records

MAIN = Path(__file__).parents[1] / "helpers" / "toy_main.py"
ROOT = MAIN.parents[2]


def start(directory: Path, settings: dict[str, Any]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(MAIN), str(directory), json.dumps(settings)]
    return subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, start_new_session=True
    )


def lines(directory: Path) -> int:
    ledger = directory / "trials.jsonl"
    return ledger.read_bytes().count(b"\n") if ledger.exists() else 0


def kill_after(directory: Path, settings: dict[str, Any], more: int, signum: int) -> int:
    """Signal the driver once it wrote so many lines; returns its exit code."""
    process = start(directory, settings)
    wanted, deadline = lines(directory) + more, time.monotonic() + 60
    while process.poll() is None and lines(directory) < wanted:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    if process.poll() is None:
        process.send_signal(signum)
    process.communicate(timeout=60)
    return process.returncode


def check(directory: Path, request: Any, kills: int) -> StudyState:
    events = read(directory / "trials.jsonl")
    state = StudyState.replay(events)
    assert state.complete
    assert sorted(state.trials) == list(range(request.trials))
    assert state.count("complete", "stopped") == request.trials
    proposed = Counter(event.trial for event in events if isinstance(event, Proposed))
    assert set(proposed.values()) == {1}
    assert len({trial.digest for trial in state.trials.values()}) == request.trials
    starts = [(event.trial, event.attempt) for event in events if isinstance(event, Started)]
    assert len(starts) == len(set(starts)) <= request.trials + kills
    recorded = Counter((e.trial, e.epoch) for e in events if isinstance(e, EpochEnded))
    assert set(recorded.values()) == {1}
    assert sum(isinstance(event, SplitRead) for event in events) == 1
    assert disagreements(request.rules, request.epochs, events) == []
    for number, trial in state.trials.items():
        files = {path.name for path in (directory / "trials" / str(number)).iterdir()}
        assert ("weights.safetensors" in files) == (trial.state == "complete")
        assert not any("checkpoint" in name for name in files)
    require_records(directory)
    repeats = sum(len(epochs) - len(set(epochs)) for epochs in toy.trained(directory).values())
    assert repeats <= kills
    return state


def test_kill_9_at_random_moments_loses_and_repeats_nothing(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"trials": 12, "proposer": "random", "recipe": {"sleep": 0.01}}
    rng, kills = random.Random(0), 0
    while kill_after(tmp_path / "s", settings, rng.randint(8, 40), signal.SIGKILL) != 0:
        kills += 1
        assert kills < 60
    assert kills >= 3
    state = check(tmp_path / "s", toy.request(tmp_path / "s", **settings), kills)
    calm = run_study(toy.request(tmp_path / "calm", **settings)).state
    assert [t.point for t in state.trials.values()] == [t.point for t in calm.trials.values()]
    assert [t.history for t in state.trials.values()] == [t.history for t in calm.trials.values()]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kill_9_under_ray(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"trials": 14, "proposer": "random", "executor": "ray"}
    settings |= {"recipe": {"sleep": 0.05}}
    rng, kills = random.Random(0), 0
    while kill_after(tmp_path / "s", settings, rng.randint(15, 40), signal.SIGKILL) != 0:
        kills += 1
        assert kills < 12
    assert kills >= 2
    check(tmp_path / "s", toy.request(tmp_path / "s", **settings), 2 * kills)


def raylets(session: int) -> list[int]:
    """The raylets that a driver started, in the session that it leads."""
    listed = subprocess.run(
        ["ps", "-eo", "pid,sid,comm"], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()[1:]]
    return [int(pid) for pid, sid, name in rows if int(sid) == session and name == "raylet"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_dead_raylet_ends_the_study_instead_of_hanging_it(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"trials": 4, "proposer": "random", "executor": "ray"}
    settings |= {"recipe": {"sleep": 0.5}}
    process = start(tmp_path / "s", settings)
    while lines(tmp_path / "s") < 6:
        assert process.poll() is None
        time.sleep(0.05)
    (raylet,) = raylets(process.pid)
    os.kill(raylet, signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode not in (0, 130)
    local: dict[str, Any] = {**settings, "executor": "local"}
    request = toy.request(tmp_path / "s", **local)
    assert run_study(request).exit_code == 0
    check(tmp_path / "s", request, 2)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_cleanly_and_the_same_command_goes_on(tmp_path: Path, signum: int) -> None:
    settings: dict[str, Any] = {"trials": 6, "proposer": "random", "recipe": {"sleep": 0.02}}
    assert kill_after(tmp_path / "s", settings, 15, signum) == 130
    state = StudyState.replay(read(tmp_path / "s" / "trials.jsonl"))
    assert state.action == "interrupted"
    assert state.count("running") == 0
    request = toy.request(tmp_path / "s", **settings)
    assert run_study(request).exit_code == 0
    check(tmp_path / "s", request, 1)
