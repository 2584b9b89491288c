"""What the Python interface returns: short to read, safe to show, and with the next answer."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch

import designspace
from designspace.api.results import RunResult
from designspace.api.study import StudyResult
from designspace.errors import InputError
from designspace.figures import Bar, Interval, Point, bars, intervals, page, staircase, table
from designspace.records.run import write_record
from tests.helpers import trainings

SPACE: dict[str, Any] = {
    "name": "tiny",
    "base": {"base": "convnext_proxy", "changes": trainings.TINY},
    "axes": {"kernel": {"path": "block.spatial.kernel_size", "choices": [3, 5, 7]}},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    folder = tmp_path_factory.mktemp("api")
    return designspace.search(
        SPACE, data=trainings.npz(folder), recipe_changes=trainings.SHORT, trials=2,
        study=folder / "study", executor="local", device="cpu", scheduler="none",
        proposer="random",
    )  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    folder = tmp_path_factory.mktemp("run")
    return designspace.train(
        "convnext_proxy", changes=trainings.TINY, recipe_changes=trainings.SHORT, device="cpu",
        data=trainings.npz(folder), out=folder / "run",
    )  # fmt: skip


def is_safe(html: str) -> bool:
    """Whether there is no script, no handler, no outside resource, and only whole elements."""
    for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        ElementTree.fromstring(svg)
    foreign = re.search(r"<script|\son\w+=|javascript:|src=|<iframe|<link", html)
    return "<svg" in html and foreign is None


def test_dir_lists_the_verbs() -> None:
    verbs = set(designspace.__all__) - {"Network", "torchvision_backbone"}
    assert verbs <= set(dir(designspace))
    for name in verbs:
        assert callable(getattr(designspace, name)), name
        assert getattr(designspace, name).__doc__, name


def test_a_study_answers_the_next_question(study: StudyResult, tmp_path: Path) -> None:
    assert study.complete
    assert len(study) == len(study.trials) == 2
    winner = study.winner
    assert winner.number in {trial.number for trial in study.frontier()}
    model = winner.build()
    assert isinstance(model, torch.nn.Module)
    assert not model.training
    saved = designspace.build(winner.name)
    designspace.load_weights(saved, winner.name)
    assert all(
        torch.equal(a, b)
        for a, b in zip(model.state_dict().values(), saved.state_dict().values(), strict=True)
    )
    assert winner.spec.digest == winner.trial.digest
    assert winner.params == sum(value.numel() for value in model.parameters())
    assert study[0].point == {"kernel": "7"}
    assert study.report().html.is_file()
    assert designspace.report(study).csv.is_file()
    again = designspace.study(study.directory)
    assert [trial.number for trial in again] == [0, 1]
    with pytest.raises(InputError, match="no trial 7"):
        again[7]
    with pytest.raises(InputError, match="no study here"):
        designspace.study(tmp_path)


def test_the_same_search_again_does_nothing(study: StudyResult) -> None:
    meta = study.study.meta
    again = designspace.search(
        SPACE, data=meta.data.load["source"], recipe_changes=trainings.SHORT, trials=2,
        study=study.directory, executor="local", device="cpu", scheduler="none", proposer="random",
    )  # fmt: skip
    assert [t.trial for t in again] == [t.trial for t in study]


def test_a_training_answers_the_next_question(trained: RunResult) -> None:
    assert trained.record.outcome.state == "complete"
    assert trained.top1 == trained.epochs[-1].top1
    assert trained.test is not None
    assert trained.build()(torch.zeros(2, 1, 12, 12)).shape == (2, 2)
    assert [row["epoch"] for row in trained.rows()] == [1, 2]
    assert designspace.load(trained.directory).digest == trained.spec.digest


def test_tables_for_pandas(study: StudyResult, trained: RunResult) -> None:
    pytest.importorskip("pandas")
    assert list(study.to_pandas()["kernel"]) == [trial.point["kernel"] for trial in study]
    assert len(trained.to_pandas()) == 2
    table = designspace.cost("convnext_proxy")
    assert table.to_pandas("layer")["macs"].sum() == table.macs
    compared = designspace.compare(trained.record, trained.record.model_copy(update={"seed": 1}))
    assert list(compared.to_pandas()["n"]) == [2]


def test_without_pandas_the_message_says_what_to_do(study: StudyResult) -> None:
    program = (
        "import sys; sys.modules['pandas'] = None\n"
        "import designspace\n"
        f"designspace.study({str(study.directory)!r}).to_pandas()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "InputError: to_pandas() needs the package pandas" in done.stderr


def test_reprs_are_short_and_pages_are_safe(
    study: StudyResult, trained: RunResult, tmp_path: Path
) -> None:
    records = [
        trained.record.model_copy(update={"seed": seed, "name": "<script>x</script>"})
        for seed in (0, 1)
    ]
    for number, record in enumerate(records):
        (tmp_path / str(number)).mkdir()
        write_record(tmp_path / str(number), record)
    other = designspace.train(
        "convnext_proxy", changes={**trainings.TINY, "block.spatial.kernel_size": 3},
        recipe_changes=trainings.SHORT, device="cpu",
        data=trained.record.data.load["source"], out=tmp_path / "other",
    )  # fmt: skip
    named = designspace.load("convnext_proxy", {"name": "<script>alert(1)</script>"})
    shown = [
        study, study.winner, trained, named, designspace.cost(named), designspace.space("micro"),
        designspace.ladder("resnet50_to_convnext_t"),
        designspace.compare(*(tmp_path / str(n) for n in (0, 1)), other.record),
    ]  # fmt: skip
    for result in shown:
        assert len(repr(result)) < 400, repr(result)[:600]
        assert is_safe(result._repr_html_()), type(result)  # pyright: ignore
    assert len(repr(designspace.diff("resnet50", "convnext_t"))) < 400
    assert len(repr(designspace.ladder("resnet50_to_convnext_t")[3])) < 200


def test_figures_escape_what_they_are_given() -> None:
    bad = '<script>"&'
    html = page(
        bad, bars([Bar(bad, 1, bad), Bar("zero", 0, "")]), bars([]), staircase([Point(bad, 2)]),
        intervals([Interval(bad, 1, None, None), Interval("b", -1, -2, 0.5)]),
        table([bad], [[bad]] * 50, bad),
    )  # fmt: skip
    assert is_safe(html)
    assert "10 more rows" in html


def test_speed_rows_are_short() -> None:
    record = designspace.bench(
        designspace.load("convnext_proxy", trainings.TINY), batch_size=2, device="cpu", rounds=1,
        seconds=1,
    )  # fmt: skip
    assert len(repr(record)) < 300
    assert "ms" in repr(record.rows[0])
    assert record.complete
    pytest.importorskip("pandas")
    assert list(record.to_pandas()["batch_size"]) == [2]
