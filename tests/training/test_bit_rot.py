"""Bytes that change on disk: noticed in checkpoints and in weights, said, and never trained on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from designspace.errors import InputError
from designspace.images.data import Data, load_data
from designspace.records.facts import RecipeFacts, SpecFacts
from designspace.records.run import read_record
from designspace.records.study.events import EpochEnded
from designspace.records.study.kept_files import WEIGHTS
from designspace.records.training import Epoch
from designspace.searching.trials.trainable import Attempt, Job
from designspace.searching.trials.trial_run import TrialRun
from designspace.spec.network.load import load
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.data_facts import data_facts
from designspace.training.run import Run
from designspace.training.state import checkpoint
from designspace.training.train import train
from designspace.weights import read_weights
from designspace.weights.integrity import content_digest
from tests.helpers.command import run as command

TINY = {"depths": [1, 1], "widths": [4, 8], "stem.patch_size": 4}
BIAS = "stem.conv.bias"
RECIPE = {"epochs": 4, "batch_size": 8, "ema": {"decay": 0.9}}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    np.savez(
        path,
        train_x=rng.integers(0, 256, (40, 12, 12), np.uint8),
        train_y=np.arange(40) % 2,
        test_x=rng.integers(0, 256, (16, 12, 12), np.uint8),
        test_y=np.arange(16) % 2,
    )
    return load_data(str(path), val_fraction=0.2)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def make(data: Data, directory: Path, **changes: Any) -> Run:
    recipe = load_recipe("demo", RECIPE | changes)
    spec = load("convnext_proxy", TINY)
    return Run(spec, recipe, data, seed=0, device="cpu", directory=directory)


@pytest.fixture(scope="module")
def halfway(data: Data, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run with the checkpoints of its first and second epoch."""
    run = make(data, tmp_path_factory.mktemp("halfway") / "run")
    run.train_epoch()
    run.train_epoch()
    return run.directory


def copied(directory: Path, to: Path) -> Path:
    to.mkdir(parents=True, exist_ok=True)
    for path in directory.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


def flip(path: Path, where: int, bits: int = 0xFF) -> None:
    content = bytearray(path.read_bytes())
    content[where % len(content)] ^= bits
    path.write_bytes(content)


def spoil(path: Path) -> None:
    """Flip a byte of the weights of a checkpoint."""
    value = torch.load(path, weights_only=True)["state"]["model"][BIAS]
    flip(path, path.read_bytes().find(value.numpy().tobytes()))


def same(state: Any, other: Any) -> bool:
    return content_digest(state) == content_digest(other)


@settings(max_examples=60)
@given(where=st.integers(0, 2**20), bits=st.integers(1, 255))
def test_a_flipped_byte_is_never_trained_on(
    halfway: Path, tmp_path_factory: pytest.TempPathFactory, where: int, bits: int
) -> None:
    """Whichever byte it is: the state is the one that was written, or the one before it."""
    directory = copied(halfway, tmp_path_factory.getbasetemp() / "flipped")
    identity = torch.load(halfway / checkpoint.CURRENT, weights_only=True)["identity"]
    flip(directory / checkpoint.CURRENT, where, bits)
    found = checkpoint.load(directory, identity)
    assert found.file is not None
    wanted = checkpoint.load(halfway, identity)
    if found.file.name == checkpoint.CURRENT:
        assert same(found.state, wanted.state)
    else:
        assert len(found.state["history"]) == 1
        assert found.fallback
        assert found.fallback.startswith(f"{checkpoint.CURRENT} is ")


def test_a_run_goes_on_from_the_checkpoint_before_and_says_so(
    data: Data, halfway: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = make(data, tmp_path / "whole")
    train(whole, lambda _: None)
    directory = copied(halfway, tmp_path / "run")
    spoil(directory / checkpoint.CURRENT)
    (directory / ".checkpoint.coming.pt.x1y2").write_bytes(b"half")  # of a killed process
    (directory / ".record.json.x1y2").write_bytes(b"half")
    run = make(data, directory)
    done: list[int] = []
    train(run, lambda epoch: done.append(epoch.epoch))
    assert done == [1, 2, 3, 4]
    assert same(run.trained.state_dict(), whole.trained.state_dict())
    said = "is damaged: its content differs from its digest; the training continues from"
    error = capsys.readouterr().err
    assert f"{checkpoint.CURRENT} {said} {checkpoint.PREVIOUS}" in error
    notes = read_record(directory).attempts[-1].notes
    assert [said in note for note in notes] == [True]
    assert not [path.name for path in directory.glob(".*.x1y2")]


def test_a_trial_says_so_in_its_next_epoch(data: Data, halfway: Path, tmp_path: Path) -> None:
    directory = copied(halfway, tmp_path / "run")
    spoil(directory / checkpoint.CURRENT)
    run = make(data, tmp_path / "other")
    job = Job(
        spec=SpecFacts.of(run.spec),
        recipe=RecipeFacts.of(run.recipe),
        data=data_facts(data, {}, run.recipe),
        seed=0,
        device="cpu",
        threads=1,
        directory=directory,
    )
    attempt = Attempt(lambda job: TrialRun(make(data, job.directory), {}), job, recorded=2)
    first, second = attempt.step(), attempt.step()
    assert isinstance(first, Epoch)
    assert isinstance(second, Epoch)
    event = EpochEnded.of(0, 2, first, "continue")
    assert event.note
    assert event.note.endswith(f"the training continues from {checkpoint.PREVIOUS}")
    assert event.measured == first
    assert second.note is None


def test_without_a_whole_checkpoint_the_training_begins_anew_and_says_so(
    data: Data, halfway: Path, tmp_path: Path
) -> None:
    directory = copied(halfway, tmp_path / "run")
    for name in (checkpoint.CURRENT, checkpoint.PREVIOUS):
        spoil(directory / name)
    run = make(data, directory)
    assert run.resume() == 0
    assert run.fallback
    assert run.fallback.endswith("no other checkpoint is left, so the training starts over")
    assert make(data, tmp_path / "new").fallback is None


def test_a_checkpoint_of_an_earlier_version_is_named(
    data: Data, halfway: Path, tmp_path: Path
) -> None:
    directory = copied(halfway, tmp_path / "run")
    for name in (checkpoint.CURRENT, checkpoint.PREVIOUS):
        content = torch.load(directory / name, weights_only=True)
        content.pop("digest")
        torch.save(content | {"format": 2}, directory / name)
    run = make(data, directory)
    assert run.resume() == 0
    assert run.fallback
    assert "has no digest because an earlier version wrote it" in run.fallback


@dataclass(frozen=True)
class Crafted:
    """A state with the right digest that is not this run's."""

    name: str
    change: Callable[[dict[str, Any]], Any]
    said: str


def put(value: Any, *keys: Any) -> Callable[[dict[str, Any]], None]:
    def change(state: dict[str, Any]) -> None:
        inner: Any = state
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value

    return change


def without(*keys: Any) -> Callable[[dict[str, Any]], None]:
    def change(state: dict[str, Any]) -> None:
        inner: Any = state
        for key in keys[:-1]:
            inner = inner[key]
        del inner[keys[-1]]

    return change


MOMENTS = ("optimizer", "state", 0)
CASES = [
    *(
        Crafted(f"no-{part}", without(part), f"its state lacks '{part}'")
        for part in ("model", "optimizer", "ema", "history", "step", "losses")
    ),
    Crafted("further", put(1, "more"), "its state has an unknown 'more'"),
    Crafted("model-list", put([1], "model"), "'model' is of type list, not a mapping"),
    Crafted("no-weight", without("model", BIAS), f"'model' lacks '{BIAS}'"),
    Crafted("new-weight", put(torch.ones(1), "model", "x"), "'model' has an unknown 'x'"),
    Crafted("shape", put(torch.ones(3), "model", BIAS), "has shape [3], not [4]"),
    Crafted("dtype", put(torch.ones(4).half(), "model", BIAS), "is float16, not float32"),
    Crafted("number", put(1.0, "model", BIAS), "is of type float, not a tensor"),
    Crafted("no-ema", put(None, "ema"), "'ema' is missing, not a mapping"),
    Crafted("ema-shape", put(torch.ones(3), "ema", BIAS), "'ema': stem.conv.bias has shape"),
    Crafted("no-groups", without("optimizer", "param_groups"), "lacks 'param_groups'"),
    Crafted("groups", put([], "optimizer", "param_groups"), "does not have 2 groups"),
    Crafted("group-list", put([[], []], "optimizer", "param_groups"), "group 0 is of type list"),
    Crafted("params", put([0], "optimizer", "param_groups", 0, "params"), "other parameters"),
    Crafted("no-lr", without("optimizer", "param_groups", 0, "lr"), "group 0 lacks 'lr'"),
    Crafted("lr", put("x", "optimizer", "param_groups", 0, "lr"), "its lr is of type str"),
    Crafted("betas", put((0, 0), "optimizer", "param_groups", 0, "betas"), "its betas is (0, 0)"),
    Crafted("eps", put(None, "optimizer", "param_groups", 1, "eps"), "its eps is None"),
    Crafted("no-state", put({}, "optimizer", "state"), "its state is empty"),
    Crafted("state-list", put([], "optimizer", "state"), "its state is of type list"),
    Crafted("index", put({}, "optimizer", "state", 999), "parameter 999, which does not exist"),
    Crafted("sgd", put({"momentum_buffer": None}, *MOMENTS), "parameter 0 lacks '"),
    Crafted("moment", without(*MOMENTS, "exp_avg"), "parameter 0 lacks 'exp_avg'"),
    Crafted("moment-shape", put(torch.ones(2), *MOMENTS, "exp_avg"), "its exp_avg has shape [2]"),
    Crafted("moment-step", put("x", *MOMENTS, "step"), "its step is not a single number"),
    Crafted("history", put("x", "history"), "'history' is of type str, not a list"),
    Crafted("history-line", put([{"epoch": 1}], "history"), "'history': train_loss: Field"),
    Crafted("too-far", lambda state: state["history"].extend(state["history"]), "of epochs 1 to 4"),
    Crafted("step", put(-1, "step"), "'step' is -1, not a step of the 4"),
    Crafted("step-type", put(True, "step"), "'step' is True, not a step of the 4"),
    Crafted("losses", put([1.0], "losses"), "a number for each of 0 steps"),
    Crafted("losses-type", put({}, "losses"), "'losses' does not hold"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_crafted_state_with_the_right_digest_ends_in_one_line(
    data: Data, halfway: Path, tmp_path: Path, case: Crafted
) -> None:
    directory = copied(halfway, tmp_path / "run")
    path = directory / checkpoint.CURRENT
    content = torch.load(path, weights_only=True)
    case.change(content["state"])
    checkpoint.save(directory, content["identity"], content["state"])
    with pytest.raises(InputError) as caught:
        make(data, directory).resume()
    assert case.said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "delete the file" in str(caught.value)


def test_a_state_that_is_no_mapping_ends_in_one_line(
    data: Data, halfway: Path, tmp_path: Path
) -> None:
    directory = copied(halfway, tmp_path / "run")
    path = directory / checkpoint.CURRENT
    for state in (None, 3, [1, 2]):
        content = torch.load(halfway / checkpoint.CURRENT, weights_only=True)
        content |= {"state": state}
        content.pop("digest")
        torch.save(content | {"digest": content_digest(content)}, path)
        with pytest.raises(InputError, match="its state is"):
            make(data, directory).resume()


@pytest.fixture(scope="module")
def weights(data: Data, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = make(data, tmp_path_factory.mktemp("weights") / "run", epochs=2)
    train(run, lambda _: None)
    return run.directory / WEIGHTS


@settings(max_examples=60)
@given(where=st.integers(0, 2**20), bits=st.integers(1, 255))
def test_weights_with_a_flipped_byte_are_refused_or_read_as_written(
    weights: Path, tmp_path_factory: pytest.TempPathFactory, where: int, bits: int
) -> None:
    """A byte may take the facts away, or the name of the digest, but no value changes silently."""
    path = tmp_path_factory.getbasetemp() / "flipped.safetensors"
    path.write_bytes(weights.read_bytes())
    flip(path, where, bits)
    try:
        found = read_weights(path)
    except InputError:
        return
    wanted = read_weights(weights)
    assert same(found.tensors, wanted.tensors)
    about = partial(json.dumps, sort_keys=True)
    known = {name: found.facts[name] for name in wanted.facts if name in found.facts}
    assert about(known) == about({name: wanted.facts[name] for name in known})


def test_commands_refuse_damaged_weights_in_one_line(weights: Path, tmp_path: Path) -> None:
    path = copied(weights.parent, tmp_path / "run") / WEIGHTS
    flip(path, path.stat().st_size - 100)
    for arguments in (
        ("eval", str(path.parent)),
        ("build", "--weights", str(path), str(path), "--out", str(tmp_path / "x.pth")),
        ("train", "--from", str(path), "--out", str(tmp_path / "finetuned")),
    ):
        ended = command(*arguments)
        assert ended.code == 2, ended
        assert "the file is damaged: its content differs from the digest" in ended.err
        assert len(ended.err.strip().splitlines()) == 1
