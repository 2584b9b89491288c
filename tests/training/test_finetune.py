"""Training that begins with weights: what is loaded, and that it is another training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import designspace
from designspace.images.data import Data
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.run import Run
from designspace.training.state.pretrained import read_initial
from tests.helpers.command import run
from tests.helpers.trainings import npz, tiny_data, tiny_net, tiny_run, words

LOWER = "optimizer.layer_decay={rate: 0.5, blocks: 1}"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return tiny_data(tmp_path_factory.mktemp("data"))


def weights(folder: Path, classes: int) -> Path:
    model = designspace.build(tiny_net(), num_classes=classes, in_channels=1, input_size=12)
    path = folder / f"{classes}.safetensors"
    designspace.save_weights(model, model.spec, path)
    return path


def begun(data: Data, folder: Path, source: Path, **recipe: Any) -> Run:
    how = load_recipe("demo", {"epochs": 2, "batch_size": 16, **recipe})
    where: dict[str, Any] = {"seed": 0, "device": "cpu", "directory": folder}
    return Run(tiny_net(), how, data, initial=read_initial(str(source)), **where)


def test_a_run_begins_with_the_weights(data: Data, tmp_path: Path) -> None:
    source = weights(tmp_path, classes=2)
    this = begun(data, tmp_path / "run", source)
    stored = load_file(source)
    assert all(torch.equal(value, stored[name]) for name, value in this.model.state_dict().items())
    assert this.trained is not this.model
    assert all(torch.equal(v, stored[n]) for n, v in this.trained.state_dict().items())
    assert f"starts from {source}: " in this.notes[-1]


def test_a_classifier_of_other_classes_begins_as_the_recipe_says(
    data: Data, tmp_path: Path
) -> None:
    this = begun(data, tmp_path / "run", weights(tmp_path, classes=7), head_init_scale=1e-3)
    assert "classifier left at its initial values (7 classes in the weights" in this.notes[-1]
    classifier: Any = this.model.get_submodule("head.classifier")
    assert float(classifier.weight.detach().abs().max()) < 1e-3


@pytest.mark.parametrize(
    ("names", "rows", "said"),
    [
        (["0", "1"], [0, 1], "in our own layout"),
        (["1", "0"], [1, 0], "classifier reordered to match the classes of the data"),
        (
            ["1", "2"],
            None,
            "initial values (the weights have the classes 1, 2, the data 0, 1)",
        ),
        (["cat", "dog"], None, "the weights have the classes cat, dog, the data 0, 1)"),
    ],
)
def test_a_classifier_is_matched_by_the_names_of_its_classes(
    names: list[str], rows: list[int] | None, said: str, data: Data, tmp_path: Path
) -> None:
    model = designspace.build(tiny_net(), num_classes=2, in_channels=1, input_size=12)
    source = tmp_path / "w.safetensors"
    designspace.save_weights(model, model.spec, source, classes=names)
    this = begun(data, tmp_path / "run", source)
    assert said in this.notes[-1]
    old, new = load_file(source), this.model.state_dict()
    assert torch.equal(new["stem.conv.weight"], old["stem.conv.weight"])
    for name in ("head.classifier.weight", "head.classifier.bias"):
        if rows is not None:
            assert torch.equal(new[name], old[name][rows])
    if rows is None:
        assert not torch.equal(new["head.classifier.weight"], old["head.classifier.weight"])


def test_it_is_another_training(data: Data, tmp_path: Path) -> None:
    source = weights(tmp_path, classes=2)
    first = begun(data, tmp_path / "run", source)
    first.train_epoch()
    assert begun(data, tmp_path / "run", source).resume() == 1
    assert tiny_run(data, tmp_path / "run").resume() == 0
    assert begun(data, tmp_path / "run", weights(tmp_path, classes=7)).resume() == 0


def test_the_command_fine_tunes_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    images = npz(tmp_path)
    before = run(*words(images), "--out", "first")
    assert before.code == 0, before.err
    tuned = [*words(images), "--from", "first/weights.safetensors", "--recipe-set", LOWER]
    done = run(*tuned)
    assert done.code == 0, done.err
    assert "starts from first/weights.safetensors" in done.out
    (place,) = (tmp_path / "runs/train").iterdir()
    record = json.loads((place / "record.json").read_text())
    assert record["initial"]["name"] == "first/weights.safetensors"
    assert f"-from-{record['initial']['digest'][:6]}-s0" in place.name
    compared = run("compare", "first", place)
    assert compared.code == 0
    assert "initial none" in compared.out
    scratch = run(*words(images), "--recipe-set", LOWER, "--out", place)
    assert scratch.code == 2
    assert "differs in initial weights" in scratch.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--from", "nowhere.safetensors"], "nowhere.safetensors"),
        (["--from", "other.safetensors"], "do not fit the network"),
        (
            ["--from", "other.safetensors", "--tune", "lr"],
            "starts from the weights that the recipe initialises",
        ),
        (["--recipe", "convnext_1k:convnext_x"], "no variant 'convnext_x'"),
    ],
)
def test_what_cannot_begin_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    other = designspace.build("resnet_proxy", num_classes=2, in_channels=1)
    designspace.save_weights(other, other.spec, tmp_path / "other.safetensors")
    done = run(*words(npz(tmp_path)), *more)
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_compiled_network_trains_and_resumes(data: Data, tmp_path: Path) -> None:
    def made(where: str, compiled: bool) -> Run:
        how = load_recipe("demo", {"epochs": 2, "batch_size": 16})
        return Run(
            tiny_net(), how, data, seed=0, device="cpu", directory=tmp_path / where,
            compiled=compiled,
        )  # fmt: skip

    plain, quick = made("plain", False), made("quick", True)
    for epoch in range(2):
        losses = [each.train_epoch().train_loss for each in (plain, quick)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-3)
        if epoch == 0:
            quick = made("quick", True)
            assert quick.resume() == 1
    assert set(quick.model.state_dict()) == set(plain.model.state_dict())
