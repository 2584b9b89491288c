"""`make gpu`: refuses without a GPU, asks each point in its own process, and keeps faults."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.gpu import __main__ as command
from benchmarks.gpu.point import ROOT, Place, Point
from reports.measured.gpu import NONE, RECORD, gpu, table


def refusal(
    words: Sequence[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """What the command says when it refuses these words."""
    monkeypatch.setattr(sys, "argv", ["benchmarks.gpu", *words])
    with pytest.raises(SystemExit) as stopped:
        command.main()
    assert stopped.value.code == 2
    return capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_nothing_is_asked_and_nothing_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = (ROOT / RECORD).exists()
    assert "no CUDA device here" in refusal((), monkeypatch, capsys)
    assert (ROOT / RECORD).exists() == there


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--device=cpu",), "need --out FILE"),
        (("--device=cpu", "--only=resumee", "--out=x.json"), "did you mean 'resume'?"),
    ],
)
def test_wrong_words_are_refused(
    words: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert said in refusal(words, monkeypatch, capsys)


def test_points_that_need_what_is_not_here_are_listed_as_not_asked(tmp_path: Path) -> None:
    found = command.asked(["sticky", "waits"], "cpu", tmp_path / "record.json")
    assert found == json.loads((tmp_path / "record.json").read_text())
    assert [one["outcome"] for one in found["points"].values()] == ["not asked"] * 2
    assert found["rehearsal"] is True


def never(_: Place) -> dict[str, Any]:
    raise AssertionError


def test_a_point_that_hangs_is_a_fail_with_a_reason(tmp_path: Path) -> None:
    late = Point("strides", "", never, seconds=0.02)
    assert "no answer within 0.1 s" in command.answer(late, Place("cpu", tmp_path))["why"]


@pytest.mark.slow
def test_a_point_that_dies_is_a_fail_with_a_reason(tmp_path: Path) -> None:
    unknown = Point("no such point", "", never, seconds=60)
    told = command.answer(unknown, Place("cpu", tmp_path))
    assert told["outcome"] == "fail"
    assert "ended with code" in told["why"]
    assert told["output"]


def test_readme_says_so_while_no_gpu_was_asked() -> None:
    assert (gpu() == NONE) == (not (ROOT / RECORD).exists())


def test_a_rehearsal_is_no_record() -> None:
    whole: dict[str, Any] = {
        "rehearsal": False, "whole": True, "device": "a GPU", "gpus": 1, "cuda": "13.0",
        "minutes": 3, "command": "python -m benchmarks.gpu", "environment": {"torch": "2.15"},
        "points": {"train": {"question": "it learns", "outcome": "fail", "why": "no"}},
    }  # fmt: skip
    assert "| train | it learns | fail: no |" in table(whole)
    for part in ({"rehearsal": True}, {"whole": False}):
        with pytest.raises(ValueError, match="not the record of a whole run"):
            table({**whole, **part})


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_rehearsal_on_the_cpu_passes(tmp_path: Path) -> None:
    names = "families,batches,everything,strides"
    words = ["--device=cpu", f"--only={names}", f"--out={tmp_path / 'record.json'}"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu", *words],
        cwd=ROOT, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
