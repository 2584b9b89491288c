"""What stays of a trial: the weights of a done one, and no checkpoint that nothing needs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from designspace.errors import InputError
from designspace.images.data import Data
from designspace.records.facts import RecipeFacts
from designspace.records.study.events import EVENT, EpochEnded, Event, SplitRead
from designspace.records.study.kept_files import (
    WEIGHTS,
    checkpoints,
    trial_directory,
    trial_weights,
)
from designspace.records.study.ledger import read
from designspace.records.study.state import StudyState
from designspace.records.study.study import load_study
from designspace.searching.request import Request
from designspace.searching.study import run_study
from designspace.searching.trials.trial_training import run_of
from designspace.spec.network.load import load
from designspace.spec.recipe.recipe import load_recipe
from designspace.spec.space.load_space import load_space
from designspace.training.data_facts import data_facts
from designspace.training.finished_weights import restore
from designspace.training.run import Run
from designspace.training.train import train
from designspace.weights import read_weights
from tests.helpers import toy
from tests.helpers.command import run
from tests.helpers.toy import request as toys
from tests.helpers.trainings import SHORT, npz, tiny_data, tiny_net, tiny_run, words


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return tiny_data(tmp_path_factory.mktemp("data"))


def request(data: Data, directory: Path, **changes: Any) -> Request:
    """A study of three small networks."""
    recipe = load_recipe("demo", SHORT)
    axes = {"kernel_size": {"path": "block.spatial.kernel_size", "choices": [3, 5, 7]}}
    settings: dict[str, Any] = {"trials": 3, "proposer": "random", "executor": "local", **changes}
    return Request(
        directory=directory,
        space=load_space({"name": "tiny", "base": tiny_net().authored, "axes": axes}),
        recipe=RecipeFacts.of(recipe),
        data=data_facts(data, {}, recipe),
        factory=partial(run_of, data=data),
        scheduler="none",
        **settings,
    )


@pytest.fixture(scope="module")
def finished(data: Data, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with everything that it ever wrote, to be copied."""
    wanted = request(data, tmp_path_factory.mktemp("kept") / "s", keep_checkpoints=True)
    assert run_study(wanted).exit_code == 0
    return wanted.directory


def left(study: Path) -> set[str]:
    """The checkpoints of a study, and what a killed process leaves of them."""
    names = {path.name for path in study.glob("trials/*/*")}
    return {name for name in names if name.startswith(("checkpoint", "."))}


def tidy(study: Path) -> StudyState:
    """Every done trial has weights, no other has, and no checkpoint is left."""
    state = StudyState.replay(read(study / "trials.jsonl"))
    for trial in state.trials.values():
        assert trial_weights(study, trial.number).is_file() == (trial.state == "complete")
    assert left(study) == set()
    return state


def restored(data: Data, study: Path, number: int) -> Run:
    """A trial's training with the kept weights loaded."""
    directory = trial_directory(study, number)
    spec, recipe = load(str(directory / "spec.yaml")), load_recipe(str(directory / "recipe.yaml"))
    found = Run(spec, recipe, data, seed=0, device="cpu", directory=directory)
    assert restore(found)
    return found


def test_kept_weights_score_what_the_ledger_says(data: Data, finished: Path) -> None:
    state = load_study(finished).state
    assert state.count("complete") == 3
    for number, trial in state.trials.items():
        again = restored(data, finished, number)
        score = again._score(data.val)  # pyright: ignore[reportPrivateUsage]
        last = trial.history[-1]
        assert (score.top1, score.top5, score.loss) == (last.top1, last.top5, last.loss)
    assert state.winner is not None
    assert state.tested is not None
    tested = restored(data, finished, state.winner.number).test()
    recorded = state.tested
    assert (tested.top1, tested.top5, tested.loss) == (recorded.top1, recorded.top5, recorded.loss)


def test_kept_weights_carry_the_facts_of_a_run_and_of_the_trial(
    data: Data, finished: Path, tmp_path: Path
) -> None:
    train(tiny_run(data, tmp_path / "run"), lambda _: None)
    alone = read_weights(tmp_path / "run" / "weights.safetensors").facts
    state = load_study(finished).state
    for number, trial in state.trials.items():
        facts = read_weights(trial_weights(finished, number)).facts
        assert facts.keys() >= alone.keys()
        same = ("classes", "num_classes", "in_channels", "input", "data", "recipe", "seed")
        assert [facts[name] for name in same] == [alone[name] for name in same]
        assert load(facts["spec"]).digest == facts["digest"] == trial.digest
        assert (facts["study"], facts["trial"]) == ("s", number)
        assert (facts["validation_top1"], facts["epochs"]) == (trial.top1, trial.epochs)


@dataclass(frozen=True)
class Case:
    """A way to lose or to break the weights of a trial."""

    name: str
    message: str

    def apply(self, study: Path, number: int) -> None:
        path = trial_weights(study, number)
        content = path.read_bytes()
        match self.name:
            case "cut":
                path.write_bytes(content[: len(content) // 2])
            case "flipped":
                path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
            case "empty":
                path.write_bytes(b"")
            case _:
                other = (number + 1) % 3
                shutil.copy(trial_weights(study, other), path)


CASES = (
    Case("cut", "not a safetensors file"),
    Case("flipped", "the file is damaged"),
    Case("empty", "the file is empty"),
    Case("another trial's", "digest"),
)


def untested(study: Path, directory: Path) -> int:
    """A copy of a study that was killed right before its test; returns the winner's number."""
    shutil.copytree(study, directory)
    cut(directory, [e for e in read(directory / "trials.jsonl") if not isinstance(e, SplitRead)])
    winner = load_study(directory).state.winner
    assert winner is not None
    return winner.number


def cut(study: Path, events: Sequence[Event]) -> None:
    """Leave these events of a ledger, without the study's end."""
    kept = [e for e in events if getattr(e, "action", "") != "completed"]
    lines = [EVENT.dump_json(event) + b"\n" for event in kept]
    (study / "trials.jsonl").write_bytes(b"".join(lines))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_broken_or_foreign_weights_of_the_winner_are_refused(
    data: Data, finished: Path, tmp_path: Path, case: Case
) -> None:
    number = untested(finished, tmp_path / "s")
    case.apply(tmp_path / "s", number)
    with pytest.raises(InputError, match=case.message) as caught:
        run_study(request(data, tmp_path / "s"))
    said = str(caught.value)
    assert "\n" not in said
    assert f"trial {number}: " in said
    assert "delete the file; the same command then trains it again" in said
    trial_weights(tmp_path / "s", number).unlink()
    outcome = run_study(request(data, tmp_path / "s"))
    assert outcome.exit_code == 0
    assert tidy(tmp_path / "s").tested is not None


def test_lost_weights_of_the_winner_are_trained_again_and_said(
    data: Data, finished: Path, tmp_path: Path
) -> None:
    number = untested(finished, tmp_path / "s")
    before = trial_weights(tmp_path / "s", number).read_bytes()
    directory = trial_directory(tmp_path / "s", number)
    for path in (directory / WEIGHTS, *checkpoints(directory)):
        path.unlink()
    outcome = run_study(request(data, tmp_path / "s"))
    assert outcome.notes == (
        f"trial {number} had lost its weights: it was trained again for its test",
    )
    assert trial_weights(tmp_path / "s", number).read_bytes() == before
    tidy(tmp_path / "s")


def test_a_study_of_an_earlier_version_gets_its_weights_from_its_checkpoints(
    data: Data, finished: Path, tmp_path: Path
) -> None:
    shutil.copytree(finished, tmp_path / "s")
    kept = {n: trial_weights(tmp_path / "s", n).read_bytes() for n in range(3)}
    for number in kept:
        trial_weights(tmp_path / "s", number).unlink()
    outcome = run_study(request(data, tmp_path / "s"))
    assert not outcome.idle
    assert outcome.notes == tuple(f"the weights of trial {n} were rebuilt" for n in range(3))
    assert {n: trial_weights(tmp_path / "s", n).read_bytes() for n in range(3)} == kept
    assert len(tidy(tmp_path / "s").readings) == 1
    assert run_study(request(data, tmp_path / "s")).idle


def test_stopped_failed_and_diverged_trials_leave_no_checkpoint(tmp_path: Path) -> None:
    crash: dict[str, Any] = {"recipe": {"crash": {"2": 3, "4": 6}}, "trials": 8}
    for keep in (False, True):
        study = tmp_path / str(keep)
        state = run_study(toys(study, keep_checkpoints=keep, **crash)).state
        assert {trial.state for trial in state.trials.values()} == {"complete", "stopped", "failed"}
        assert len(list(study.glob("trials/*/checkpoint.json"))) == (8 if keep else 0)
    tidy(tmp_path / "False")


def test_a_diverged_trial_leaves_no_checkpoint(data: Data, tmp_path: Path) -> None:
    base = request(data, tmp_path / "s", trials=1)
    recipe = load_recipe("demo", {**SHORT, "grad_clip": None, "optimizer.lr": 1e30})
    object.__setattr__(base, "recipe", RecipeFacts.of(recipe))
    (trial,) = run_study(base).state.trials.values()
    assert trial.divergence is not None
    tidy(tmp_path / "s")


def test_an_interrupted_study_keeps_what_its_trials_need(tmp_path: Path) -> None:
    def stop(event: Event, _: StudyState) -> None:
        if isinstance(event, EpochEnded) and (event.trial, event.epoch) == (2, 4):
            raise KeyboardInterrupt

    wanted = toys(tmp_path / "s", trials=4, scheduler="none")
    assert run_study(wanted, stop).exit_code == 130
    assert [path.parent.name for path in (tmp_path / "s").glob("trials/*/checkpoint.json")] == ["2"]
    assert not trial_weights(tmp_path / "s", 2).exists()
    assert run_study(wanted).exit_code == 0
    tidy(tmp_path / "s")


def test_weights_that_cannot_be_written_stop_the_study_and_lose_nothing(tmp_path: Path) -> None:
    wanted = toys(tmp_path / "s", trials=3, scheduler="none")
    in_the_way = trial_weights(tmp_path / "s", 1)

    def block(event: Event, _: StudyState) -> None:
        if isinstance(event, EpochEnded) and (event.trial, event.epoch) == (1, 7):
            (in_the_way / "x").mkdir(parents=True)

    with pytest.raises(InputError, match=r"trial 1: .*weights.safetensors: cannot be written"):
        run_study(wanted, block)
    state = load_study(tmp_path / "s").state
    assert (state.trials[1].state, state.trials[1].epochs) == ("running", 7)
    shutil.rmtree(in_the_way)
    assert run_study(wanted).exit_code == 0
    assert toy.trained(tmp_path / "s")["1"] == list(range(1, 9))
    tidy(tmp_path / "s")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of toys with all checkpoints."""
    study = tmp_path_factory.mktemp("toys") / "s"
    run_study(toys(study, trials=6, recipe={"crash": {"3": 2}}, keep_checkpoints=True))
    return study


@given(st.data())
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_kill_at_any_event_ends_with_weights_of_what_is_done_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, whole: Path, draw: st.DataObject
) -> None:
    study = tmp_path_factory.mktemp("cut") / "s"
    shutil.copytree(whole, study)
    events = read(study / "trials.jsonl")
    end = draw.draw(st.integers(1, len(events)), label="events")
    cut(study, events[:end])
    state = StudyState.replay(read(study / "trials.jsonl"))
    for number in range(6):
        known = state.trials.get(number)
        if known is None:
            shutil.rmtree(trial_directory(study, number), ignore_errors=True)
        elif known.decision != "finish" and draw.draw(st.booleans(), label=f"kill {number}"):
            trial_weights(study, number).unlink(missing_ok=True)
            for name in (".checkpoint.json.x1", ".weights.safetensors.x1"):  # half written
                (trial_directory(study, number) / name).touch()
    outcome = run_study(toys(study, trials=6, recipe={"crash": {"3": 2}}))
    assert outcome.notes == ()
    final, calm = tidy(study), load_study(whole).state
    assert final.complete
    assert {n: t.state for n, t in final.trials.items()} == {
        n: t.state for n, t in calm.trials.items()
    }
    assert len(final.readings) == 1


def test_a_complete_run_keeps_no_checkpoint_unless_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = words(npz(tmp_path), {"epochs": 2})
    assert run(*command, "--out", "kept", "--keep-checkpoints").code == 0
    assert {path.name for path in Path("kept").glob("checkpoint*")} == {
        "checkpoint.pt", "checkpoint.previous.pt",
    }  # fmt: skip
    assert run(*command, "--out", "kept").code == 0  # a complete run is not trained again
    assert run(*command, "--out", "fresh").code == 0
    for name in ("kept", "fresh"):
        assert sorted(path.name for path in Path(name).iterdir()) == [
            "metrics.csv", "record.json", "weights.safetensors",
        ]  # fmt: skip
    weights = [(Path(name) / "weights.safetensors").read_bytes() for name in ("kept", "fresh")]
    assert weights[0] == weights[1]


def test_the_toys_keep_weights_as_real_trainings_do(tmp_path: Path) -> None:
    state = run_study(toys(tmp_path / "s", trials=3, scheduler="none")).state
    for number, trial in state.trials.items():
        kept = json.loads(trial_weights(tmp_path / "s", number).read_text())
        assert (kept["study"], kept["trial"], kept["top1"]) == ("s", number, trial.top1)
    assert toy.trained(tmp_path / "s").keys() == {"0", "1", "2"}
