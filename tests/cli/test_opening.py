"""What a training and a search say before their first epoch, and the bars that move within it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from designspace.cli.output.live import Bar
from designspace.cli.output.opening import WARM_UP, TrainingOpening
from designspace.cli.output.progress import TrainingProgress
from designspace.reporting.drawing.numbers import macs_text
from tests.helpers.command import run
from tests.helpers.trainings import npz, tiny_data, tiny_run, words

DATA = "data tiny: 2 classes (0, 1); images: 64 train, 16 val, 20 test; 12x12, gray, pixel mean 0."
NETWORK = (
    r"network convnext_proxy: [\d,]+ params, 0\.\d\d MMACs at 12x12; 2 epochs of recipe demo "
    r"on cpu \(.*\)"
)
SPACE = """
name: small
base: {base: convnext_proxy, changes: {depths: [1, 1], widths: [8, 16], stem.patch_size: 4}}
axes:
  act: {path: act, choices: [gelu, relu]}
"""


def test_a_training_begins_with_two_lines(tmp_path: Path) -> None:
    file, out = npz(tmp_path), tmp_path / "run"
    ran = run(*words(file), "--out", out)
    assert ran.code == 0, ran.err
    data, network, *rest = ran.out.splitlines()
    assert data.startswith(DATA)
    assert re.fullmatch(NETWORK + r"; about \d+ s left", network)
    assert [line.startswith("epoch") for line in rest[:3]] == [True, True, False]
    again = run(*words(file), "--out", out)  # complete: nothing is left to estimate
    assert again.out.splitlines()[0] == data
    assert re.fullmatch(NETWORK, again.out.splitlines()[1])
    several = run(*words(file), "--out", tmp_path / "both", "--seeds", 2)
    assert "left of 2 trainings one after the other" in several.out
    assert several.out.count("network ") == 1
    assert run(*words(file), "--out", out, "--json").out.startswith("{")


def test_the_time_is_told_once_after_the_first_steps(tmp_path: Path) -> None:
    opening = TrainingOpening(tiny_run(tiny_data(tmp_path), tmp_path / "run"))
    said = [list(opening.stepped(done, 100)) for done in range(1, 40)]
    told = [number for number, lines in enumerate(said) if lines]
    assert told == [WARM_UP + 9]
    assert "left" in said[told[0]][0]
    assert list(opening.rest()) == []


def test_a_run_that_ends_before_its_first_steps_says_what_it_is(tmp_path: Path) -> None:
    opening = TrainingOpening(tiny_run(tiny_data(tmp_path), tmp_path / "run"))
    list(opening.stepped(1, 100))
    assert re.fullmatch(NETWORK, next(iter(opening.rest())))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_of_a_training_moves_within_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[int] = []
    for steps in (0, 1, 3):
        terminal = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout", terminal)
            patch.setenv("TERM", "xterm-256color")
            with TrainingProgress(1, quiet=False) as progress:
                for done in range(steps):
                    progress.on_step(done + 1, 4)
        last = terminal.getvalue().split("epoch 1/1")[-1]
        parts = re.findall(r"m(━+)", last)  # of each color, the part that is done first
        shown.append(len(parts[0]) if steps else 0)
    assert 0 < shown[1] < shown[2] < 40


def test_the_bar_of_a_search_moves_with_the_time() -> None:
    bar = Bar()
    assert bar.share(bar.began + 5) is None
    assert bar.__rich__().pulse
    bar.left = 100
    start = bar.began
    shares = [bar.share(start + seconds) for seconds in (0, 10, 50, 99, 500)]
    assert shares == sorted(share for share in shares if share is not None)
    assert shares[0] == 0
    assert shares[-1] == 0.99
    bar.left = 0
    assert bar.share(bar.now) == pytest.approx(0.99, abs=0.01)
    assert not bar.__rich__().pulse


@pytest.mark.parametrize(
    ("macs", "said"),
    [(76_800, "0.08 MMACs"), (99_999_999, "100.00 MMACs"), (4_456_000_000, "4.46 GMACs")],
)
def test_multiply_adds_in_words(macs: int, said: str) -> None:
    assert macs_text(macs) == said


def test_a_search_begins_with_two_lines(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file, space = npz(tmp_path), tmp_path / "space.yaml"
    space.write_text(SPACE)
    command = ["search", "--space", space, "--data", file, "--executor", "local", "--trials", 2]
    command += ["--recipe-set=epochs=2", "--recipe-set=batch_size=16", "--device", "cpu"]
    command += ["--recipe-set=schedule.warmup_epochs=0", "--study", tmp_path / "study"]
    ran = run(*command)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[0].startswith(DATA)
    network = capfd.readouterr().out.splitlines()[0]
    assert re.fullmatch(
        r"network convnext_proxy and its variants in space small: [\d,]+ params, 0\.\d\d MMACs at "
        r"12x12; 2 trials of at most 2 epochs on cpu \(.*\); roughly \d+ s if all cost as much",
        network,
    )
    idle = run(*command)
    assert idle.out.splitlines()[1].startswith("nothing to do")
    assert capfd.readouterr().out == ""
    assert run(*command, "--json").out.startswith("{")
