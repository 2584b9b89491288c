"""Readings of the test split: all are recorded, and each figure says how many there were."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from designspace.errors import InputError
from designspace.records.as_record import record_of
from designspace.records.readings import ensure_recordable, readings, record_reading, times_read
from designspace.records.run import Ending, write_record
from designspace.records.study.study import load_study
from designspace.records.training import Epoch, TestReading
from designspace.searching.study import run_study
from designspace.spec.documents.document import write_yaml_atomic
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.train import train
from tests.helpers import toy
from tests.helpers.command import Ran, run
from tests.helpers.trainings import SHORT, made, npz, tiny_data, tiny_net, tiny_run, words

ROOT = Path(__file__).resolve().parents[2]


def reading(trial: int | None = None, top1: float = 70.0) -> TestReading:
    return TestReading(trial=trial, top1=top1, top5=99.0, loss=0.5, n=64, command="eval")


def ignore(_: Epoch) -> None:
    """Nothing is shown."""


def test_a_reading_is_added_to_the_ledger_of_a_study(tmp_path: Path) -> None:
    state = run_study(toy.request(tmp_path / "s", trials=4)).state
    (first,) = readings(tmp_path / "s")
    assert state.winner is not None
    assert (first.trial, first.command) == (state.winner.number, "search")
    record_reading(tmp_path / "s", reading(0))
    record_reading(tmp_path / "s", reading(0, 71.0))
    found = readings(tmp_path / "s")
    assert [(one.trial, one.command) for one in found[1:]] == [(0, "eval"), (0, "eval")]
    assert all(one.when and one.n == 64 for one in found)
    state = load_study(tmp_path / "s").state
    assert state.complete
    trial = state.test_of(0)
    assert trial is not None
    assert trial.top1 == 70.0  # the first reading is the figure; later ones only count


def test_the_record_of_a_trial_counts_the_readings_of_its_study(tmp_path: Path) -> None:
    for name in ("study.yaml", "trials.jsonl"):
        shutil.copy(ROOT / "reports/micro" / name, tmp_path)
    record_reading(tmp_path, reading(0))
    for number, top1 in ((6, 87.5), (0, 70.0)):
        record = record_of(f"{tmp_path}:{number}")
        assert record.test is not None
        assert (record.test.top1, record.times_tested) == (top1, 2)
    unread = record_of(f"{tmp_path}:3")
    assert (unread.test, unread.times_tested) == (None, 2)


def test_a_reading_is_added_to_the_record_of_a_run(tmp_path: Path) -> None:
    train(tiny_run(tiny_data(tmp_path), tmp_path / "r", {"epochs": 1}), ignore)
    (first,) = readings(tmp_path / "r")
    assert (first.trial, first.command, first.n) == (None, "train", 20)
    record_reading(tmp_path / "r", reading())
    assert [one.command for one in readings(tmp_path / "r")] == ["train", "eval"]
    assert readings(tmp_path / "r")[1].when is not None
    record = record_of(tmp_path / "r")
    assert record.times_tested == 2
    assert record.test is not None
    assert record.test.top1 == first.top1


def test_what_cannot_take_a_reading_says_so(tmp_path: Path) -> None:
    run_study(toy.request(tmp_path / "s", trials=2))
    with pytest.raises(InputError, match="no trial 7"):
        record_reading(tmp_path / "s", reading(7))
    with pytest.raises(InputError, match="no run here"):
        record_reading(tmp_path / "none", reading())
    assert not (tmp_path / "none").exists()
    (tmp_path / "r").mkdir()
    unfinished = made().model_copy(update={"outcome": Ending(state="interrupted")})
    write_record(tmp_path / "r", unfinished)
    for refused in (partial(record_reading, reading=reading()), ensure_recordable):
        with pytest.raises(InputError, match="has not finished"):
            refused(tmp_path / "r")
    assert {path.name for path in (tmp_path / "r").iterdir()} == {"record.json"}


def test_a_reading_is_refused_while_a_search_writes(tmp_path: Path) -> None:
    run_study(toy.request(tmp_path / "s", trials=2))
    hold = (
        "import sys; from pathlib import Path\n"
        "from designspace.records.study.ledger import Ledger\n"
        "Ledger(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", hold, str(tmp_path / "s" / "trials.jsonl")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        for refused in (partial(record_reading, reading=reading(0)), ensure_recordable):
            with pytest.raises(InputError, match=rf"pid {process.pid}\) is writing this study"):
                refused(tmp_path / "s")
        process.communicate()
    assert len(readings(tmp_path / "s")) == 1
    ensure_recordable(tmp_path / "s")


def test_ledgers_and_records_of_earlier_versions_are_read() -> None:
    for name, trial, top1 in (("micro", 6, 87.5), ("zero_cost", 5, 85.7)):
        (one,) = readings(ROOT / "reports" / name)
        assert (one.trial, one.top1, one.command, one.split) == (trial, top1, "search", "test")
    old = json.loads(made(test=80.0).model_dump_json(exclude={"readings"}))
    record = type(made()).model_validate(old)
    assert (record.readings, record.times_tested) == ((), 1)


@pytest.mark.parametrize(
    ("count", "words"), [(0, "not read yet"), (1, "read once"), (2, "read 2 times")]
)
def test_the_number_of_readings_in_words(count: int, words: str) -> None:
    assert times_read(count) == words


def search(study: Path, trials: int, *more: str) -> Ran:
    """A study whose base learns too slowly, so that its second trial beats the first."""
    axes = {"lr": {"path": "recipe.optimizer.lr", "choices": [1e-7, 0.003]}}
    recipe = load_recipe("demo", {**SHORT, "ema": None, "optimizer.lr": 1e-7}).plain()
    space = {"name": "rates", "base": tiny_net().authored, "recipe": recipe, "axes": axes}
    write_yaml_atomic(study.parent / "space.yaml", space)
    words = ["--executor=local", "--proposer=random", "--device=cpu", f"--trials={trials}"]
    sources = ["--space", study.parent / "space.yaml", "--data", npz(study.parent)]
    return run("search", *sources, "--study", study, *words, *more)


def test_a_new_winner_is_tested_only_when_asked(tmp_path: Path) -> None:
    study = tmp_path / "my study"
    first = search(study, 1)
    assert first.code == 0, first.err
    assert "trial 0, test top-1" in first.out
    assert "(20 images, read once)" in first.out
    build = f"designspace build '{study}:winner' --out winner.safetensors"
    assert f"network of trial 0: {build}" in first.out

    more = search(study, 2)
    assert more.code == 0, more.err
    told = "the winner is now trial 1, not tested: the test split was read once, last for trial 0"
    assert told in more.out
    assert "--retest reads it again" in more.out
    assert "nothing to do" in search(study, 2).out
    assert [one.trial for one in readings(study)] == [0]
    status = run("status", study)
    assert told in status.out
    assert f"network of trial 1: {build}" in status.out
    state = json.loads(run("status", study, "--json").out)
    assert (state["tested"], state["winner"]["trial"], state["build"]) == (None, 1, build)
    report = json.loads(run("report", study, "--json").out)
    assert (report["test"], len(report["test_readings"])) == (None, 1)
    assert "read once, for other trials" in (study / "report.html").read_text()

    again = search(study, 2, "--retest")
    assert again.code == 0, again.err
    assert "trial 1, test top-1" in again.out
    assert "(20 images, read 2 times)" in again.out
    assert [one.trial for one in readings(study)] == [0, 1]
    assert "nothing to do" in search(study, 2, "--retest").out
    assert "nothing to do" in search(study, 2).out
    assert [one.trial for one in readings(study)] == [0, 1]


def test_every_test_figure_says_how_often_the_split_was_read(tmp_path: Path) -> None:
    study = tmp_path / "s"
    search(study, 1)
    search(study, 2, "--retest")
    record_reading(study, reading(1))
    assert "(20 images, read 3 times)" in run("status", study).out
    shown = run("report", study)
    assert "read 3 times" in shown.out
    assert "designspace build" in shown.out
    page = (study / "report.html").read_text()
    assert "test top-1, read 3 times" in page
    assert "for trial 0, after selection and for trial 1, after selection and" in page
    assert "for trial 1, by eval" in page
    assert "designspace build" in page
    report = json.loads((study / "summary.json").read_text())
    assert report["test"]["trial"] == 1
    assert [one["command"] for one in report["test_readings"]] == ["search", "search", "eval"]
    compared = run("compare", f"{study}:0", f"{study}:1")
    assert compared.out.count("(read 3 times)") == 2
    groups = json.loads(run("compare", f"{study}:0", f"{study}:1", "--json").out)["groups"]
    assert [group["test_readings"] for group in groups] == [[3], [3]]


def test_a_reading_before_the_end_counts(tmp_path: Path) -> None:
    study = tmp_path / "s"
    search(study, 1)
    lines = (study / "trials.jsonl").read_text().splitlines(keepends=True)
    events = [json.loads(line)["event"] for line in lines]
    (study / "trials.jsonl").write_text("".join(lines[: events.index("tested")]))
    record_reading(study, reading(0))
    assert search(study, 2).code == 0
    assert [one.command for one in readings(study)] == ["eval"]


def test_a_run_says_how_often_its_test_split_was_read(tmp_path: Path) -> None:
    command = (*words(npz(tmp_path), {"epochs": 1}), "--out", tmp_path / "r")
    assert "read once" in run(*command).out
    record_reading(tmp_path / "r", reading())
    assert "read 2 times" in run(*command).out
    assert json.loads(run(*command, "--json").out)["times_tested"] == 2
