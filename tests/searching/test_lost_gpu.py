"""Trials that lose their GPU, that share one, and that run out of its memory."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from designspace.errors import DesignspaceError
from designspace.failures.memory import release, share_memory
from designspace.records.facts import RecipeFacts, SpecFacts
from designspace.records.study.ledger import Ledger, read
from designspace.records.study.state import StudyState
from designspace.searching import driver
from designspace.searching.driver import Driver
from designspace.searching.jobs import job_of
from designspace.searching.proposers.proposer import base_point
from designspace.searching.proposers.repair import Candidates, proposed
from designspace.searching.proposers.uniform import RandomProposer
from designspace.searching.request import Resources, silent
from designspace.searching.study import run_study
from designspace.searching.trials import trainable, trial_training
from designspace.searching.trials.trainable import Job, failure
from designspace.spec.recipe.recipe import load_recipe
from tests.helpers import toy
from tests.helpers.trainings import SHORT, tiny_data, tiny_net
from tests.training.test_failures import OUT, lost


@pytest.fixture(autouse=True)
def _healthy() -> None:
    toy.GPU["lost"] = False


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("how", "failed", "trials"), [("lose_gpu_once", 0, 24), ("lose_gpu", 1, 8)]
)
def test_one_lost_gpu_costs_one_attempt_under_ray(
    tmp_path: Path, how: str, failed: int, trials: int
) -> None:
    study, recipe = tmp_path / "s", {"epochs": 3, "sleep": 0.02, how: {"3": 2}}
    settings: dict[str, Any] = {"trials": trials, "scheduler": "none", "executor": "ray"}
    outcome = run_study(toy.request(study, recipe=recipe, **settings))
    assert outcome.state.count("complete") == trials - failed
    assert [trial.number for trial in outcome.state.trials.values() if trial.failures] == [3]
    assert outcome.state.trials[3].attempt == 2
    if failed:
        assert outcome.state.trials[3].error == (
            "the GPU failed: an illegal memory access was encountered"
        )
    processes = (study / "trials" / "3" / "lost_gpu").read_text().split()
    assert len(processes) == len(set(processes)) == 1 + failed


@pytest.mark.parametrize(
    ("share", "device", "limits"),
    [
        (0.25, "cuda", [(0.25, None)]),
        (0.5, "cuda:1", [(0.5, 1)]),
        (1.0, "cuda", []),
        (2.0, "cuda", []),
        (0.5, "cpu", []),
        (0.0, "cuda", []),
    ],
)
def test_trials_that_share_a_gpu_have_their_share_of_its_memory(
    monkeypatch: pytest.MonkeyPatch,
    share: float,
    device: str,
    limits: list[tuple[float, int | None]],
) -> None:
    found = list[tuple[float, int | None]]()

    def limit(fraction: float, number: int | None) -> None:
        found.append((fraction, number))

    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", limit)
    share_memory(share, device)
    assert found == limits


def test_the_share_reaches_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space, resources = toy.ToySpace(), Resources(gpus=0.5, device="cuda")
    request = toy.request(tmp_path / "s", space=space, resources=resources)
    chosen = Candidates(request.space, request.cost).look(base_point(request.space))
    assert chosen is not None
    state = StudyState()
    state.apply(proposed(request.space, 0, chosen, "base"))
    job = job_of(request, state.trials[0])
    assert (job.gpus, job.device) == (0.5, "cuda")
    found = list[tuple[float, str]]()
    monkeypatch.setattr(trial_training, "share_memory", lambda *words: found.append(words))
    data = tiny_data(tmp_path)
    recipe = RecipeFacts.of(load_recipe("demo", SHORT))
    real = {"device": "cpu", "spec": SpecFacts.of(tiny_net()), "recipe": recipe}
    trial_training.run_of(job.model_copy(update=real), data)
    assert found == [(0.5, "cpu")]


def test_a_worker_gives_memory_back_between_its_trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive, made, released = list[int](), list[weakref.ref[toy.ToyTrainee]](), list[bool]()

    class Trainee(toy.ToyTrainee):
        def __init__(self, job: Job) -> None:
            alive.append(sum(one() is not None for one in made))
            super().__init__(job)
            self.circle = self
            made.append(weakref.ref(self))

    def counted() -> None:
        released.append(True)
        release()

    monkeypatch.setattr(trainable, "release", counted)
    settings: dict[str, Any] = {"trials": 3, "recipe": {"crash": {"1": 2}}}
    monkeypatch.setattr(
        driver, "job_of", lambda *of: job_of(*of).model_copy(update={"device": "cuda"})
    )
    request = replace(toy.request(tmp_path / "s", **settings), factory=Trainee)
    gc.disable()
    try:
        run_study(request)
    finally:
        gc.enable()
    assert len(alive) >= 3
    assert not any(alive)
    assert len(released) >= len(alive)


def test_a_failure_for_lack_of_memory_says_what_to_change() -> None:
    found = failure(OUT, load_recipe("demo", SHORT).plain())
    assert found.error.startswith("out of memory (tried to allocate 2.50 GiB")
    assert "accumulation=2 (8 images at once instead of 16)" in found.error
    assert (found.fatal, found.hopeless) == (False, False)
    assert failure(lost(), {}).fatal


def test_the_local_executor_stops_in_words_and_goes_on(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"trials": 5, "recipe": {"lose_gpu": {"3": 2}}}
    study = tmp_path / "s"
    for attempt in (1, 2):
        with pytest.raises(DesignspaceError, match=r"trial 3: the GPU failed.*continues"):
            run_study(toy.request(study, **settings))
        state = StudyState.replay(read(study / "trials.jsonl"))
        assert (state.trials[3].state, state.trials[3].failures) == ("failed", attempt)
        toy.GPU["lost"] = False  # as in a new process
    outcome = run_study(toy.request(study, **settings))
    assert outcome.exit_code == 4
    assert outcome.state.count("failed") == 1
    assert len(outcome.state.trials) == 5
    assert "AcceleratorError" in (study / "trials" / "3" / "stderr.txt").read_text()


@pytest.mark.parametrize("task", ["test", "keep"])
def test_a_task_that_loses_its_worker_is_started_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    request = toy.request(tmp_path / "s", trials=2, keep_checkpoints=True, test=task == "test")
    left = 1

    def broken(self: toy.ToyTrainee, done: Callable[[toy.ToyTrainee], Any]) -> Any:
        nonlocal left
        left -= 1
        if left >= 0:
            raise lost()
        return done(self)

    if task == "keep":
        state = run_study(request).state
        assert state.winner is not None
        (tmp_path / "s" / "trials" / str(state.winner.number) / "weights.safetensors").unlink()
    done = getattr(toy.ToyTrainee, task)
    monkeypatch.setattr(toy.ToyTrainee, task, lambda self: broken(self, done))
    with pytest.raises(DesignspaceError, match="the GPU failed"):
        run_study(request)
    left = 0
    assert run_study(request).exit_code == 0


def test_the_driver_starts_a_lost_task_again_once(tmp_path: Path) -> None:
    request = toy.request(tmp_path / "s", trials=1)
    (tmp_path / "s").mkdir()
    candidates = Candidates(request.space, request.cost)
    proposer = RandomProposer(request.space, 0)
    fatal = failure(lost(), {})
    with Ledger(tmp_path / "s" / "trials.jsonl") as ledger:
        runs = Driver(request, ledger, proposer, candidates, silent)
        runs.change("created")
        start = runs.next()
        assert start is not None
        attempt = trainable.Attempt(request.factory, start.job, 0)
        while runs.report(0, 1, attempt.step()) == "continue":
            pass
        for last in (False, True):
            test = runs.next()
            assert test is not None
            assert test.task == "test"
            if last:
                with pytest.raises(DesignspaceError, match="the winner's test failed: the GPU"):
                    runs.report(0, test.attempt, fatal)
            else:
                assert runs.report(0, test.attempt, fatal) == "stop"
        assert [note for note in runs.notes if "retried once" in note]
