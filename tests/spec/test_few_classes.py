"""Top-5 says nothing of five classes or fewer, and is shown nowhere; records name their classes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from designspace.records.run import DataFacts, read_record
from designspace.records.training import Score
from designspace.training.data_facts import data_facts
from designspace.training.evaluate import evaluate
from tests.helpers.command import run
from tests.helpers.trainings import npz, tiny_data, tiny_run, words


@pytest.mark.parametrize("classes", [2, 5, 6, 10])
def test_top5_is_of_more_than_five_classes(classes: int) -> None:
    model = nn.Linear(4, classes)
    draw = torch.Generator().manual_seed(0)
    images = torch.randn(30, 4, generator=draw)
    labels = torch.randint(classes, (30,), generator=draw)
    score = evaluate(model, [(images[:20], labels[:20]), (images[20:], labels[20:])])
    right = model(images).topk(min(5, classes)).indices == labels[:, None]
    assert score.top1 == pytest.approx(100 * float(right[:, 0].double().mean()))
    if classes <= 5:
        assert score.top5 is None
        assert str(score) == f"top-1 {score.top1:.2f}%"
    else:
        assert score.top5 == pytest.approx(100 * float(right.any(1).double().mean()))
        assert f"top-5 {score.top5:.2f}%" in str(score)


def test_a_training_of_two_classes_shows_no_top5(tmp_path: Path) -> None:
    file, out = npz(tmp_path), tmp_path / "run"
    ran = run(*words(file), "--out", out)
    assert ran.code == 0, ran.err
    assert "top-5" not in ran.out
    found = json.loads(run(*words(file), "--out", out, "--json").out)
    assert found["validation"]["top5"] is found["test"]["top5"] is None
    spec = [word for word in words(file) if word.startswith("--set")]
    weights = ["--weights", out / "weights.safetensors", "--data", file]
    ran = run("eval", "convnext_proxy", *spec, *weights)
    assert ran.code == 0, ran.err
    assert "top-5" not in ran.out
    assert read_record(out).data.classes == ("0", "1")


def test_records_name_their_classes_and_old_ones_still_read(tmp_path: Path) -> None:
    data = tiny_data(tmp_path)
    run_ = tiny_run(data, tmp_path / "run")
    facts = data_facts(data, {}, run_.recipe)
    assert facts.classes == tuple(data.classes)
    assert DataFacts(**facts.model_dump(exclude={"classes"})).classes == ()
    assert Score(top1=50, top5=100, loss=1, n=2).top5 == 100
