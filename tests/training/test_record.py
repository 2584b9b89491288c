"""A run's record: claimed at its start, true at any moment, closed at its end."""

from __future__ import annotations

import errno
import json
import math
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from designspace.errors import InputError
from designspace.images.data import Data
from designspace.records.as_record import record_of, records_of
from designspace.records.facts import RecipeFacts
from designspace.records.run import NAME, Record, read_record
from designspace.records.study.study import load_study
from designspace.records.training import Epoch, TimeSplit
from designspace.searching.request import Request
from designspace.searching.study import run_study
from designspace.searching.trials.trial_training import run_of
from designspace.spec.recipe.recipe import load_recipe
from designspace.spec.space.load_space import load_space
from designspace.training.data_facts import data_facts
from designspace.training.metrics import write_metrics
from designspace.training.run import Run
from designspace.training.train import WEIGHTS, train
from tests.helpers.command import run
from tests.helpers.trainings import BREAKS, SHORT, npz, tiny_data, tiny_net, tiny_run, words

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return tiny_data(tmp_path_factory.mktemp("data"))


EPOCH = {"epochs": 1}


def ignore(_: Epoch) -> None:
    """Nothing is shown."""


def test_a_record_is_true_from_its_claim_to_its_end(data: Data, tmp_path: Path) -> None:
    place, seen = tmp_path / "x", list[Record]()

    def look(step: int, _: int) -> None:
        if step == 1:
            seen.append(read_record(place))

    this = tiny_run(data, place, seed=3)
    record = train(this, ignore, look, command=("designspace", "train"))
    assert [(r.outcome.state, len(r.epochs), r.test) for r in seen] == [
        ("running", 0, None),
        ("running", 1, None),
    ]
    assert record == read_record(place)
    assert record.over
    assert record.test is not None
    assert (record.outcome.state, record.test.n, record.seed) == ("complete", 20, 3)
    assert record.epochs == tuple(this.history)
    assert record.top1 == this.history[-1].top1
    assert (record.learning_rate, record.batch_size) == (this.recipe.learning_rate, 16)
    assert record.learning_rate == pytest.approx(3e-3 * 16 / 64)
    assert load_recipe(record.recipe.full).digest == record.recipe.digest == this.recipe.digest
    assert (record.data.train, record.data.val, record.data.test) == (64, 16, 20)
    assert (record.data.num_classes, record.data.channels, record.input_size) == (2, 1, 12)
    assert str(record.selection) == "averaged weights of the last epoch"
    assert record.attempts[0].command == ("designspace", "train")
    assert record.device.threads == torch.get_num_threads()
    assert record.device.name == record.attempts[0].environment["cpu"]
    assert (place / WEIGHTS).is_file()
    assert not (place / "run.yaml").exists()


def test_what_is_over_is_left_alone(data: Data, tmp_path: Path) -> None:
    for name, changes, state in (("whole", EPOCH, "complete"), ("lost", BREAKS, "diverged")):
        place = tmp_path / name
        first = train(tiny_run(data, place, changes), ignore)
        files = {path: path.stat().st_mtime_ns for path in place.iterdir()}
        shown = list[Epoch]()
        again = train(tiny_run(data, place, changes), shown.append)
        assert again == first
        assert first.outcome.state == state
        assert tuple(shown) == first.epochs
        assert {path: path.stat().st_mtime_ns for path in place.iterdir()} == files


def test_a_divergence_is_recorded_with_its_place(data: Data, tmp_path: Path) -> None:
    record = train(tiny_run(data, tmp_path, BREAKS), ignore)
    told = json.loads((tmp_path / NAME).read_text())["outcome"]
    assert told["state"] == "diverged"
    assert told["divergence"]["epoch"] == 1
    assert 1 <= told["divergence"]["step"] <= 4
    assert told["divergence"]["lr"] > 0
    assert "lower lr" in told["divergence"]["cause"]
    assert record.test is None
    assert record.ended
    assert not (tmp_path / WEIGHTS).exists()


def test_an_interrupted_run_says_so_and_goes_on(data: Data, tmp_path: Path) -> None:
    whole = train(tiny_run(data, tmp_path / "whole"), ignore)
    first = tiny_run(data, tmp_path / "cut")

    def interrupt(step: int, _: int) -> None:
        if first.epoch == 1 and step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(first, ignore, interrupt)
    cut = read_record(tmp_path / "cut")
    assert (cut.outcome.state, len(cut.epochs), cut.over) == ("interrupted", 1, False)
    record = train(tiny_run(data, tmp_path / "cut"), ignore)
    assert [attempt.after_epochs for attempt in record.attempts] == [0, 1]
    assert record.outcome.state == "complete"
    assert [e.top1 for e in record.epochs] == [e.top1 for e in whole.epochs]
    assert record.test == whole.test


def test_a_full_disk_leaves_the_record_before(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tiny_run(data, tmp_path)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def fill(step: int, _: int) -> None:
        if first.epoch == 1 and step == 1:
            monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(InputError, match="No space left on device"):
        train(first, ignore, fill)
    monkeypatch.undo()
    record = read_record(tmp_path)
    assert (record.outcome.state, len(record.epochs)) == ("running", 1)
    assert sorted(path.name for path in tmp_path.glob(".*")) == []
    assert train(tiny_run(data, tmp_path), ignore).outcome.state == "complete"


def test_other_runs_and_earlier_formats_are_refused(data: Data, tmp_path: Path) -> None:
    place = tmp_path / "x"
    train(tiny_run(data, place, EPOCH), ignore)
    with pytest.raises(
        InputError, match=r"differs in seed \(0 there, 1 here\); choose another dir"
    ):
        train(tiny_run(data, place, EPOCH, seed=1), ignore)
    with pytest.raises(InputError, match="differs in recipe"):
        train(tiny_run(data, place, {**EPOCH, "flip": 0.1}), ignore)
    text = (place / NAME).read_text()
    for broken, said in (
        (text[: len(text) // 2], "not JSON"),
        (text.replace('"seed"', '"sead"'), "did you mean 'seed'"),
        (text.replace('"state": "complete"', '"state": "done"'), "outcome"),
    ):
        (place / NAME).write_text(broken)
        with pytest.raises(InputError, match=said) as caught:
            read_record(place)
        assert str(place / NAME) in str(caught.value)
    old = tmp_path / "old"
    old.mkdir()
    (old / "run.yaml").write_text("spec: abc\n")
    with pytest.raises(InputError, match=r"run.yaml: a run of an earlier format"):
        train(tiny_run(data, old), ignore)
    with pytest.raises(InputError, match="no run here"):
        record_of(tmp_path)


def study(data: Data, directory: Path) -> Path:
    """Two real trials that differ by their recipe; the second one diverges."""
    space = load_space(
        {
            "name": "rates",
            "base": tiny_net().authored,
            "recipe": load_recipe("demo", {**SHORT, "grad_clip": None}).plain(),
            "axes": {"lr": {"path": "recipe.optimizer.lr", "choices": [0.003, 1e30]}},
        }
    )
    run_study(
        Request(
            directory=directory,
            space=space,
            recipe=RecipeFacts.of(space.recipe_spec({})),
            data=data_facts(data, {}, space.recipe_spec({})),
            factory=partial(run_of, data=data),
            trials=2,
            proposer="random",
            executor="local",
        )
    )
    return directory


def test_a_study_counts_and_records_at_the_size_of_its_recipe(data: Data) -> None:
    recipe = load_recipe("demo", {**SHORT, "input_size": 16})
    run = Run(tiny_net(), recipe, data, seed=0, device="cpu", directory=Path("nowhere"))
    assert data_facts(data, {}, recipe).image_size == run.view.size == 16


def test_a_trial_is_the_same_record_as_a_run(data: Data, tmp_path: Path) -> None:
    place = study(data, tmp_path / "rates")
    alone = train(tiny_run(data, tmp_path / "alone", {"grad_clip": None}), ignore)
    winner, first, lost = (record_of(f"{place}{part}") for part in ("", ":0", ":1"))
    assert winner.selection.best_of == 1
    assert winner == first
    own = dict.fromkeys(("name", "epochs", "attempts", "ended", "test", "spec"), True)
    same: Any = {**own, "data": {"load"}}
    assert first.model_dump(exclude=same) == alone.model_dump(exclude=same)
    assert first.spec.digest == alone.spec.digest
    assert [e.top1 for e in first.epochs] == [e.top1 for e in alone.epochs]
    assert first.test == alone.test
    assert lost.name == "rates:1"
    assert lost.outcome.state == "diverged"
    assert lost.recipe.full["optimizer"]["lr"] == 1e30
    assert Record.model_validate_json(lost.model_dump_json()) == lost
    assert load_study(place).state.trials[1].attempt == 1  # it would diverge once more
    with pytest.raises(InputError, match="no trial 7"):
        record_of(f"{place}:7")


def test_a_study_of_an_earlier_version_is_read() -> None:
    winner = record_of(ROOT / "reports/micro")
    assert winner.selection.best_of == 5
    assert winner.test is not None
    assert math.isnan(winner.test.loss)  # not recorded then
    assert Record.model_validate_json(winner.model_dump_json()).test is not None
    assert record_of(f"{ROOT / 'reports/micro'}:3").outcome.state == "stopped"


def test_a_directory_of_runs_is_all_of_them(data: Data, tmp_path: Path) -> None:
    for seed in (1, 2):
        train(tiny_run(data, tmp_path / f"s{seed}", EPOCH, seed=seed), ignore)
    found = records_of(tmp_path)
    assert [record.seed for record in found] == [1, 2]
    assert [record.name for record in found] == [f"{tmp_path.name}/s1", f"{tmp_path.name}/s2"]


def test_metrics_hold_what_the_record_holds(tmp_path: Path) -> None:
    plain: dict[str, Any] = {
        name: 1.0 for name in Epoch.model_fields if name not in ("time", "note")
    }
    times = TimeSplit(data=0.1, forward=0.2, backward=0.4, step=0.1, validation=0.2)
    first = Epoch.model_validate(plain | {"epoch": 1, "peak_memory": None})
    second = Epoch.model_validate(plain | {"epoch": 2, "peak_memory": 7, "time": times})
    write_metrics(tmp_path, [first, second])
    lines = (tmp_path / "metrics.csv").read_text().splitlines()
    assert lines[1].endswith("1.0,,,,,,")
    assert lines[2].endswith("1.0,7,0.1,0.2,0.4,0.1,0.2")


def test_the_exit_code_of_a_divergence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = words(npz(tmp_path), BREAKS)
    for _ in range(2):
        ran = run(*command, "--out", "x")
        assert ran.code == 4
        (line,) = ran.err.splitlines()
        assert line.startswith("error: x: the training diverged at epoch 1, step ")
    asked = run(*command, "--out", "x", "--json")
    assert asked.code == 4
    assert json.loads(asked.out)["outcome"]["state"] == "diverged"


def test_several_seeds_have_a_run_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = words(npz(tmp_path), EPOCH)
    ran = run(*command, "--seeds", "2", "--json")
    assert ran.code == 0, ran.err
    places = [each["directory"] for each in json.loads(ran.out)["runs"]]
    assert [place[-3:] for place in places] == ["-s0", "-s1"]
    assert [record_of(place).seed for place in places] == [0, 1]
    assert run(*command, "--seeds", "2", "--out", "y", "--json").code == 0
    assert sorted(path.name for path in Path("y").iterdir()) == ["s0", "s1"]


@pytest.mark.slow
def test_kill_9_at_any_moment_leaves_a_whole_record(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "designspace", *words(npz(tmp_path), {"epochs": 40})]
    place, states = tmp_path / "x", list[str]()
    for delay in (0.0, 0.1, 0.3, 0.7):
        with subprocess.Popen([*command, "--out", str(place)], stdout=subprocess.PIPE) as child:
            while not (place / NAME).exists():
                time.sleep(0.005)
            time.sleep(delay)
            child.send_signal(signal.SIGKILL)
        states.append(read_record(place).outcome.state)
    assert set(states) <= {"running", "complete"}
    subprocess.run([*command, "--out", str(place)], check=True, stdout=subprocess.DEVNULL)
    record = read_record(place)
    assert (record.outcome.state, len(record.epochs)) == ("complete", 40)
