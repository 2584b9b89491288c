"""The files of a report: what they say, and that nothing untrusted gets loose in them."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from designspace import reporting
from designspace.errors import InputError
from designspace.records.study.study import load_study
from designspace.reporting.study.summary import summarize
from designspace.reporting.study.terminal import table
from tests.helpers.command import run
from tests.helpers.report_studies import AXES, RUNGS, Plan, Script, realistic, write_study

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&{{7*7}}[bold]"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> reporting.Outputs:
    return reporting.write(write_study(tmp_path_factory.mktemp("s") / "micro", realistic()))


def test_all_four_files_and_nothing_else_is_written(finished: reporting.Outputs) -> None:
    names = {path.name for path in finished.html.parent.iterdir()}
    assert names == {
        "study.yaml", "trials.jsonl", "report.html", "frontier.png", "summary.csv", "summary.json",
    }  # fmt: skip


def test_the_page_is_small_and_needs_nothing_from_elsewhere(finished: reporting.Outputs) -> None:
    page = finished.html.read_text()
    assert len(page) < 200_000
    assert "default-src 'none'" in page
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert {s for s in sources if not s.startswith("#")} == {
        "summary.csv", "summary.json", "frontier.png",
    }  # fmt: skip
    assert "@import" not in page
    assert "url(" not in page


def test_every_trial_has_a_mark_in_both_widths_and_a_row(finished: reporting.Outputs) -> None:
    page = finished.html.read_text()
    drawn = page[page.index('id="frontier"') : page.index('id="trials"')]
    wide, slim = drawn.split('<div class="slim">')
    for number in range(16):
        assert wide.count(f'<a href="#trial-{number}"') == 1
        assert slim.count(f'<a href="#trial-{number}"') == 1
        assert page.count(f'<tr id="trial-{number}"') == 1


def test_the_page_says_result_convention_noise_and_failures(finished: reporting.Outputs) -> None:
    page = finished.html.read_text()
    for words in (
        "MMACs (papers: FLOPs)", "read once", "1 seed", "standard error", "RuntimeError: out of",
        "designspace search --space micro", "4,500 training, 500 validation, 1,000 test",
        "not the effect of a choice", "Complete: 16 trials",
    ):  # fmt: skip
        assert words in page


def test_the_picture_is_a_png_of_1600_pixels(finished: reporting.Outputs) -> None:
    head = finished.png.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    assert int.from_bytes(head[16:20], "big") == 1600


def test_csv_and_json_tell_the_same(finished: reporting.Outputs) -> None:
    rows = list(csv.DictReader(io.StringIO(finished.csv.read_text())))
    document = json.loads(finished.json.read_text())
    assert len(rows) == len(document["trials"]) == 16
    front = {row["number"] for row in rows if row["on_front"] == "1"}
    assert front == {str(number) for number in document["front"]}
    for row, trial in zip(rows, document["trials"], strict=True):
        assert int(row["macs"]) == trial["macs"]
        assert row["top1"] == ("" if trial["top1"] is None else str(trial["top1"]))
        assert row["axis:norm"] == trial["point"]["norm"]
    stopped = {trial["number"] for trial in document["trials"] if trial["state"] == "stopped"}
    assert stopped
    assert not stopped & set(document["front"])


def test_the_same_ledger_gives_the_same_files(finished: reporting.Outputs) -> None:
    before = [path.read_bytes() for path in finished]
    assert [path.read_bytes() for path in reporting.write(finished.html.parent)] == before


def test_untrusted_words_stay_words(tmp_path: Path) -> None:
    axes = {**AXES, HOSTILE: ("a", HOSTILE)}
    point = {axis: labels[0] for axis, labels in axes.items()} | {HOSTILE: HOSTILE}
    scripts = [Script(), Script(point=point), Script("failed", 1, error=HOSTILE, point=point)]
    plan = Plan(name=HOSTILE, scripts=scripts, axes=axes, data=HOSTILE)
    page = reporting.write(write_study(tmp_path / "hostile", plan)).html.read_text()
    assert "<img" not in page
    assert "onerror=alert(1)>" not in page
    assert page.count("<script") == page.count("</script>") == 1
    assert "{{7*7}}" in page


def test_an_unfinished_study_is_labeled_so(tmp_path: Path) -> None:
    scripts = [Script(), Script(), Script(None, 3), Script("stopped", RUNGS[0]), Script(None, 0)]
    plan = Plan(scripts=scripts, action="running", wanted=16, tested=False)
    outputs = reporting.write(write_study(tmp_path / "s", plan))
    page = outputs.html.read_text()
    assert "Not complete: 3 of 16 trials ended" in page
    assert "not read yet" in page
    assert json.loads(outputs.json.read_text())["complete"] is False


def test_an_interrupted_study_with_a_torn_line_is_still_reported(tmp_path: Path) -> None:
    plan = Plan(scripts=[Script(), Script(None, 3)], action="interrupted", wanted=4, tested=False)
    directory = write_study(tmp_path / "s", plan)
    with (directory / "trials.jsonl").open("a") as ledger:
        ledger.write('{"event":"epo')
    assert "Interrupted: 1 of 4 trials ended" in reporting.write(directory).html.read_text()


@pytest.mark.parametrize(
    ("scripts", "words"),
    [
        ([Script()], "it is the base itself"),
        ([Script("failed", 0, error="boom"), Script("stopped", 2)], "No trial is complete yet"),
        ([], "No trial has been proposed yet"),
    ],
    ids=["one trial", "none done", "none at all"],
)
def test_small_studies(tmp_path: Path, scripts: list[Script], words: str) -> None:
    plan = Plan(scripts=scripts, action="running", wanted=4, tested=False)
    assert words in reporting.write(write_study(tmp_path / "s", plan)).html.read_text()


def test_a_test_of_a_beaten_winner_is_not_shown(tmp_path: Path) -> None:
    directory = write_study(tmp_path / "s", realistic())
    study = load_study(directory)
    assert study.state.winner is not None
    study.state.trials[0].history[-1] = (
        study.state.trials[0].history[-1].model_copy(update={"top1": 99.0})
    )
    assert summarize(study).tested is None


def test_a_directory_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="study"):
        reporting.write(tmp_path)


def test_a_place_that_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    directory = write_study(tmp_path / "s", Plan(scripts=[Script()]))
    (directory / "report.html").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        reporting.write(directory)
    assert not list(directory.glob(".*.tmp"))


def test_the_terminal_table_shows_the_front_first_and_counts_the_rest(tmp_path: Path) -> None:
    summary = summarize(load_study(write_study(tmp_path / "s", realistic(name="[red]x"))))
    sheet = table(summary, limit=6)
    assert "[red]x" in sheet.title
    assert "10 more in summary.csv" in sheet.caption
    numbers = re.findall(r"^(\d+)\*", "\n".join(row[0] for row in sheet.rows), re.MULTILINE)
    assert [int(number) for number in numbers] == [row.number for row in summary.front]


def test_a_repaired_trial_0_is_not_called_the_base(tmp_path: Path) -> None:
    for repaired in (False, True):
        directory = write_study(tmp_path / f"{repaired}", realistic(repaired_base=repaired))
        outputs = reporting.write(directory)
        page = outputs.html.read_text()
        summary = summarize(load_study(directory))
        sheet = table(summary)
        first = next(cells for cells in sheet.rows if cells[0].strip("* ") == "0")
        status = run("status", directory).out
        words = "against trial 0" if repaired else "against the base"
        assert (first[-1] == "nearest to the base") is repaired
        assert (first[-1] == "base") is not repaired
        assert words in sheet.columns
        assert words in page
        assert words in status
        assert ("against the base" in page + status) is not repaired
        told = json.loads(outputs.json.read_text())
        assert told["trials"][0]["is_base"] is not repaired
