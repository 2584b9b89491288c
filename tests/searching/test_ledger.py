"""The ledger: whole lines, one writer, and no cost that grows with its length."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from designspace.errors import InputError
from designspace.records.study import ledger as ledgers
from designspace.records.study.events import EVENT, EpochEnded, Started, StudyChanged
from designspace.records.study.ledger import Ledger, read


def epoch(number: int, **changes: float) -> EpochEnded:
    values: dict[str, Any] = {"train_loss": 1.0, "loss": 1.0, "top1": 50.0, "top5": 90.0} | changes
    return EpochEnded(
        trial=0, attempt=1, epoch=number, lr=0.1, seconds=1.0, images_per_second=10.0,
        decision="continue", **values,
    )  # fmt: skip


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    events = [StudyChanged(action="created", trials=3), Started(trial=0, attempt=1, epoch=0)]
    with Ledger(tmp_path / "trials.jsonl") as ledger:
        for event in events:
            ledger.append(event)
    assert read(tmp_path / "trials.jsonl") == events
    assert read(tmp_path / "none.jsonl") == []


def test_a_diverged_loss_stays_valid_json(tmp_path: Path) -> None:
    with Ledger(tmp_path / "trials.jsonl") as ledger:
        ledger.append(epoch(1, loss=math.nan, train_loss=math.inf))
    assert b'"NaN"' in (tmp_path / "trials.jsonl").read_bytes()
    (found,) = read(tmp_path / "trials.jsonl")
    assert isinstance(found, EpochEnded)
    assert math.isnan(found.loss)
    assert found.train_loss == math.inf


@pytest.mark.parametrize("torn", [b'{"event":"star', b"\0\0\0\n", b'{"event":"started"}'])
def test_a_torn_last_line_is_skipped_and_then_cut_off(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "trials.jsonl"
    whole = EVENT.dump_json(epoch(1)) + b"\n"
    path.write_bytes(whole + torn)
    assert len(read(path)) == 1
    with Ledger(path) as ledger:
        assert len(ledger.events) == 1
        assert path.read_bytes() == whole
        ledger.append(epoch(2))
    assert [event.epoch for event in read(path) if isinstance(event, EpochEnded)] == [1, 2]


def test_a_ledger_in_the_words_of_an_earlier_version_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    created = EVENT.dump_json(StudyChanged(action="created", trials=1))
    ended = b'{"event":"ended","trial":0,"attempt":1,"state":"done","epoch":8}'
    path.write_bytes(created + b"\n" + ended + b"\n")
    with pytest.raises(InputError) as caught:
        read(path)
    error = caught.value
    assert (error.line, error.path) == (2, "state")
    assert "'complete', 'stopped', 'failed' or 'diverged' (got \"done\")" in str(error)
    assert "an earlier version wrote this study" in str(error)


@pytest.mark.parametrize("bad", [b"nonsense\n", b'{"event":"unheard"}\n'])
def test_a_broken_line_in_the_middle_is_named(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "trials.jsonl"
    whole = EVENT.dump_json(epoch(1)) + b"\n"
    path.write_bytes(whole + bad + whole)
    with pytest.raises(InputError, match=r"trials\.jsonl:2: not an event"):
        read(path)


def test_an_append_that_was_cut_short_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    with Ledger(path) as ledger:
        ledger.append(epoch(1))
        with path.open("ab") as file:  # what a signal in the middle of an append leaves
            file.write(b'{"event":"epoch", and much more than the next line is long' * 20)
        ledger.append(epoch(2))
    assert [event.epoch for event in read(path) if isinstance(event, EpochEnded)] == [1, 2]


def test_a_full_disk_leaves_the_ledger_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "trials.jsonl"
    with Ledger(path) as ledger:
        ledger.append(epoch(1))
        before = path.read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(ledgers.os, "fsync", full)
            with pytest.raises(InputError, match="No space left"):
                ledger.append(epoch(2))
        assert path.read_bytes() == before


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from designspace.records.study.ledger import Ledger\n"
        "Ledger(Path(sys.argv[1]))"
    )
    path = tmp_path / "trials.jsonl"
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", code, str(path)]
    with Ledger(path):
        other = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert "is writing this study" in other.stderr
    assert subprocess.run(command, cwd=root, check=False).returncode == 0


def test_an_append_costs_the_same_however_long_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    path.write_bytes((EVENT.dump_json(epoch(1)) + b"\n") * 20_000)
    with Ledger(path) as ledger:
        times: list[float] = []
        for number in range(50):
            began = time.perf_counter()
            ledger.append(epoch(number))
            times.append(time.perf_counter() - began)
    assert sorted(times)[25] < 0.02  # fsync included
