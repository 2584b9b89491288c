"""One suite for all executors: the same study, ledger and rules, however the trials are run."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from designspace.records.study.events import Ended, EpochEnded, Event, Started
from designspace.records.study.ledger import read
from designspace.records.study.state import StudyState
from designspace.searching.ray_session.ray_settings import prepare
from designspace.searching.schedulers.asha import disagreements
from designspace.searching.study import run_study
from designspace.spec.documents.document import read_yaml
from tests.helpers import toy
from tests.helpers.trial_records import require_records

# Ray's start and its children leave sockets and processes to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="module")
def ray_started() -> Iterator[None]:
    """One Ray for the module: its start takes longer than all the trials."""
    prepare()
    from designspace.searching.executors.cluster import cluster

    with cluster():
        yield


both = pytest.mark.parametrize(
    "executor", ["local", pytest.param("ray", marks=[pytest.mark.slow])], indirect=True
)


@pytest.fixture
def executor(request: pytest.FixtureRequest) -> str:
    if request.param == "ray":
        request.getfixturevalue("ray_started")
    return request.param


def events(directory: Path) -> list[Event]:
    return read(directory / "trials.jsonl")


@pytest.mark.parametrize(
    ("executor", "trials"),
    [("local", 10), ("ray", 4), pytest.param("ray", 10, marks=pytest.mark.slow)],
    indirect=["executor"],
)
def test_a_study_runs_to_its_end_by_the_rules(tmp_path: Path, executor: str, trials: int) -> None:
    request = toy.request(tmp_path / "s", executor=executor, trials=trials, proposer="tpe")
    outcome = run_study(request)
    assert outcome.exit_code == 0
    assert outcome.state.count("complete", "stopped") == len(outcome.state.trials) == trials
    assert outcome.state.trials[0].proposer == "base"
    assert {trial.attempt for trial in outcome.state.trials.values()} == {1}
    assert disagreements(request.rules, request.epochs, events(tmp_path / "s")) == []
    winner, tested = outcome.state.winner, outcome.state.tested
    assert winner is not None
    assert tested is not None
    assert tested.trial == winner.number
    assert len(list((tmp_path / "s").glob("trials/*/tested.txt"))) == 1
    trained = toy.trained(tmp_path / "s")
    for trial in outcome.state.trials.values():
        assert trained[str(trial.number)] == [epoch.epoch for epoch in trial.history]
        files = {path.name for path in (tmp_path / "s" / "trials" / str(trial.number)).iterdir()}
        assert ("weights.safetensors" in files) == (trial.state == "complete")
        assert "checkpoint.json" not in files
    require_records(tmp_path / "s")
    again = run_study(request)
    assert again.idle
    assert again.state.updated == outcome.state.updated


@both
def test_a_trial_that_fails_is_retried_once_and_recorded(tmp_path: Path, executor: str) -> None:
    recipe = {"crash": {"2": 3}}
    settings: dict[str, Any] = {"scheduler": "none", "recipe": recipe, "executor": executor}
    outcome = run_study(toy.request(tmp_path / "s", trials=5, **settings))
    assert outcome.exit_code == 4
    assert Counter(t.state for t in outcome.state.trials.values()) == {"complete": 4, "failed": 1}
    failed = outcome.state.trials[2]
    assert (failed.attempt, failed.failures, failed.epochs) == (2, 2, 2)
    assert failed.error == "RuntimeError: the toy broke"
    assert "Traceback" in (tmp_path / "s" / "trials" / "2" / "stderr.txt").read_text()
    assert toy.trained(tmp_path / "s")["2"] == [1, 2]
    assert run_study(toy.request(tmp_path / "s", trials=5, **settings)).idle


@both
def test_weights_that_an_earlier_version_did_not_keep_are_rebuilt(
    tmp_path: Path, executor: str
) -> None:
    settings: dict[str, Any] = {"trials": 4, "scheduler": "none"}
    run_study(toy.request(tmp_path / "s", keep_checkpoints=True, **settings))
    kept = sorted((tmp_path / "s").glob("trials/*/weights.safetensors"))
    before = [path.read_bytes() for path in kept]
    for path in kept:
        path.unlink()
    outcome = run_study(toy.request(tmp_path / "s", executor=executor, **settings))
    assert sorted(outcome.notes) == [f"the weights of trial {n} were rebuilt" for n in range(4)]
    assert [path.read_bytes() for path in kept] == before
    assert not list((tmp_path / "s").glob("trials/*/checkpoint*"))
    assert all(len(epochs) == 8 for epochs in toy.trained(tmp_path / "s").values())
    assert len(outcome.state.readings) == 1


@both
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_and_the_same_call_ends_with_the_same_trials(
    tmp_path: Path, executor: str, signum: int
) -> None:
    def stop(event: Event, _: StudyState) -> None:
        if isinstance(event, EpochEnded) and event.trial == 3 and event.epoch == 4:
            os.kill(os.getpid(), signum)

    settings: dict[str, Any] = {"executor": executor, "scheduler": "none", "trials": 7}
    settings |= {"recipe": {"sleep": 0.01}}
    stopped = run_study(toy.request(tmp_path / "s", **settings), stop)
    assert stopped.exit_code == 130
    assert stopped.state.action == "interrupted"
    resumed = run_study(toy.request(tmp_path / "s", **settings))
    assert resumed.exit_code == 0
    assert {t.attempt for t in resumed.state.trials.values()} == {1, 2}
    settings["executor"] = "local"
    calm = run_study(toy.request(tmp_path / "calm", **settings))
    ours, theirs = resumed.state.trials, calm.state.trials
    assert [ours[n].point for n in sorted(ours)] == [theirs[n].point for n in sorted(theirs)]
    assert [ours[n].history for n in sorted(ours)] == [theirs[n].history for n in sorted(theirs)]


@both
def test_each_trial_is_trained_by_its_own_recipe(tmp_path: Path, executor: str) -> None:
    space = toy.ToySpace(axes={"rate": toy.RATE, "width": toy.WIDTH})
    settings: dict[str, Any] = {"space": space, "scheduler": "none", "trials": 7}
    ran = run_study(toy.request(tmp_path / "s", executor=executor, **settings)).state
    calm = run_study(toy.request(tmp_path / "calm", executor="local", **settings)).state
    assert len({trial.identity for trial in ran.trials.values()}) == 7
    assert len({trial.digest for trial in ran.trials.values()}) < 7
    for number, trial in calm.trials.items():
        assert ran.trials[number].identity == trial.identity
        assert ran.trials[number].history == trial.history
        recipe = read_yaml(tmp_path / "s" / "trials" / str(number) / "recipe.yaml").data
        rate = recipe["optimizer"]["lr"]
        assert rate == trial.recipe_changes["optimizer.lr"] == float(trial.point["rate"])
    assert run_study(toy.request(tmp_path / "s", executor=executor, **settings)).idle


@pytest.mark.slow
@pytest.mark.usefixtures("ray_started")
def test_a_worker_that_dies_is_started_again_from_its_checkpoint(tmp_path: Path) -> None:
    recipe = {"die_once": {"1": 5}}
    settings: dict[str, Any] = {"scheduler": "none", "recipe": recipe, "executor": "ray"}
    outcome = run_study(toy.request(tmp_path / "s", trials=4, **settings))
    assert outcome.exit_code == 0
    assert outcome.state.count("complete") == 4
    assert outcome.state.trials[1].attempt == 2
    assert toy.trained(tmp_path / "s")["1"] == list(range(1, 9))
    recorded = events(tmp_path / "s")
    died = [event for event in recorded if isinstance(event, Ended) and event.state == "failed"]
    assert [(event.trial, event.attempt, event.epoch) for event in died] == [(1, 1, 4)]
    starts = [(e.attempt, e.epoch) for e in recorded if isinstance(e, Started) and e.trial == 1]
    assert starts == [(1, 0), (2, 4)]
