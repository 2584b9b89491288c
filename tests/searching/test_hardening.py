"""What a machine and its user do to a running study: signals, full disks, races, closed pipes."""

from __future__ import annotations

import io
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from designspace.cli import app
from designspace.cli.output.live import LiveTable, summary, table
from designspace.errors import InputError
from designspace.records.study.events import EpochEnded, Event
from designspace.records.study.state import StudyState
from designspace.records.study.study import load_study
from designspace.searching import study as studies
from designspace.searching.request import Outcome
from designspace.searching.study import run_study
from tests.helpers import toy
from tests.helpers.command import run


class Swallowing:
    """Its destructor gets the signal, so that Python drops the exception."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_a_callback_swallows_is_heeded(tmp_path: Path) -> None:
    def observer(event: Event, state: StudyState) -> None:  # noqa: ARG001
        if isinstance(event, EpochEnded) and event.epoch == 2:
            Swallowing()

    outcome = run_study(toy.request(tmp_path / "s"), observer)
    assert outcome.interrupted
    assert outcome.exit_code == 130
    assert load_study(tmp_path / "s").state.trials[0].epochs == 2
    assert run_study(toy.request(tmp_path / "s")).exit_code == 0


def test_a_closed_pipe_stops_the_study_as_ctrl_c_does(tmp_path: Path) -> None:
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            if not (tmp_path / "s" / "trials" / "1").exists():
                return 0
            raise BrokenPipeError

    with LiveTable(Closed(), epochs=8) as live:
        outcome = run_study(toy.request(tmp_path / "s"), live)
    assert outcome.interrupted
    assert outcome.state.trials[0].state == "complete"


@pytest.mark.parametrize("name", ["trials.jsonl", ".lock", "log.txt"])
def test_a_file_of_the_study_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "s" / name / "in the way").mkdir(parents=True)
    if name == "trials.jsonl":
        (tmp_path / "s" / name).chmod(0o700)
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        run_study(toy.request(tmp_path / "s"))


def test_a_study_in_a_place_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file: not a directory"):
        run_study(toy.request(tmp_path / "file" / "s"))


def test_a_study_that_another_driver_began_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: object) -> None:
        monkeypatch.setattr(studies, "_require_feasible", lambda *_: None)  # pyright: ignore
        run_study(toy.request(tmp_path / "s", trials=2))

    monkeypatch.setattr(studies, "_require_feasible", slow)
    with pytest.raises(InputError, match=r"seed \(0 there, 5 here\)"):
        run_study(toy.request(tmp_path / "s", trials=2, seed=5))
    assert load_study(tmp_path / "s").meta.seed == 0


def test_a_study_of_an_earlier_format_is_one_clear_error(tmp_path: Path) -> None:
    run_study(toy.request(tmp_path / "s", trials=1))
    path = tmp_path / "s" / "study.yaml"
    path.write_text(path.read_text().replace("format: 2", "format: 1"))
    ran = run("status", tmp_path / "s")
    assert ran.code == 2
    assert ran.err == (
        f"error: {path}: format: a study of an earlier format, which is no longer read; "
        "search again in a new directory\n"
    )


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_an_empty_study_file_is_named(tmp_path: Path, text: str) -> None:
    run_study(toy.request(tmp_path / "s", trials=1))
    (tmp_path / "s" / "study.yaml").write_text(text)
    ran = run("status", tmp_path / "s")
    assert ran.code == 2
    assert f"{tmp_path}/s/study.yaml:1: a mapping was expected" in ran.err


def drawn(state: StudyState) -> str:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=80)
    console.print(table(state, None))
    return console.file.getvalue()  # pyright: ignore


def test_the_live_table_takes_labels_as_text_and_says_that_it_starts(tmp_path: Path) -> None:
    outcome: Outcome = run_study(toy.request(tmp_path / "s", trials=2))
    base = outcome.state.trials[0].point
    outcome.state.trials[1] = replace(outcome.state.trials[1], point={**base, "act": "[/red]"})
    assert "act [/red]" in drawn(outcome.state)
    assert "starting" not in summary(outcome.state, None)
    outcome.state.wanted = 3
    assert "starting" in summary(outcome.state, None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--gpus-per-trial", "0.25"], "no CUDA device here"),
        (["--gpus-per-trial", "0.25", "--device", "cpu"], "--gpus-per-trial needs a GPU"),
    ],
)
def test_a_gpu_that_is_not_there(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    ran = run("search", "--study", tmp_path / "s", *words)
    assert ran.code == 2
    assert said in ran.err
    assert not list(tmp_path.iterdir())


def test_an_interrupt_anywhere_ends_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("designspace.naming.find_network", interrupted)
    ran = run("cost", "convnext_t")
    assert ran.code == app.INTERRUPTED
    assert ran.err == "interrupted; nothing was written\n"
