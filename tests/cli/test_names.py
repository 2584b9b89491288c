"""One way to name a network: what each name stands for, and what is said of a wrong one."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

import designspace
from designspace.errors import InputError
from designspace.naming import find_network, find_weights
from designspace.naming.header import read_header
from designspace.naming.timm_names import NOT_IN_TIMM, timm_names
from designspace.records.study.kept_files import WEIGHTS
from designspace.records.study.study import load_study
from designspace.spec.documents import catalog
from designspace.spec.documents.document import read_yaml, write_yaml_atomic
from designspace.weights import save_weights
from tests.helpers.command import run
from tests.helpers.named import make_study, numbers
from tests.helpers.trainings import npz, words


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("named")
    make_study(folder)
    return folder


@pytest.fixture
def demo(place: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A study as a user names it, from the directory around `runs`."""
    monkeypatch.chdir(place)
    return "runs/demo"


def facts_in(path: Path | str) -> dict[str, object]:
    with safe_open(str(path), framework="pt") as file:
        return json.loads(file.metadata()["designspace"])


# what a name stands for


def test_a_trial_names_its_network_with_its_weights(demo: str) -> None:
    state = load_study(Path(demo)).state
    for number in numbers(Path(demo), "complete"):
        named = find_network(f"{demo}:{number}")
        assert (named.sort, named.trial, named.title) == ("trial", number, f"demo:{number}")
        assert named.spec.digest == state.trials[number].digest
        assert named.weights == Path(demo) / "trials" / str(number) / WEIGHTS
        assert (named.num_classes, named.in_channels, named.input_size) == (2, 1, 12)
        assert f"is trial {number} (complete, validation top-1" in named.says


def test_the_winner_is_a_trial_whose_number_is_told(demo: str) -> None:
    winner = load_study(Path(demo)).state.winner
    assert winner
    named = find_network(f"{demo}:winner")
    assert named.trial == winner.number
    assert named.says.startswith(f"{demo}:winner is trial {winner.number} (complete")


@pytest.mark.parametrize(("state", "why"), [("stopped", "was stopped"), ("diverged", "diverged")])
def test_a_trial_that_did_not_finish_names_a_spec_without_weights(
    demo: str, state: str, why: str
) -> None:
    name = f"{demo}:{numbers(Path(demo), state)[0]}"
    named = find_network(name)
    assert named.weights is None
    assert (named.num_classes, named.in_channels, named.input_size) == (2, 1, 12)
    assert json.loads(run("cost", name, "--json").out)["input"] == [12, 12, 1]
    with pytest.raises(InputError, match=f"has no weights: trial {named.trial} {why}"):
        _ = named.trained
    with pytest.raises(InputError, match=why):
        find_weights(name)
    built = run("build", name)
    assert built.code == 0
    assert f"the weights are untrained (seed 0), because trial {named.trial} {why}" in built.out


def test_a_file_or_a_directory_comes_first(
    demo: str, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(place / demo, demo)
    name = f"{demo}:winner"
    Path(name).write_text("base: convnext_proxy\n")  # a file that is called so
    assert find_network(name).sort == "spec file"
    Path("resnet50").write_text("base: convnext_proxy\n")
    assert find_network("resnet50").spec.digest == designspace.load("convnext_proxy").digest
    Path("convnext_t").mkdir()  # holds no network, so that it hides none
    named = find_network("convnext_t")
    assert named.sort == "catalog"
    assert "the directory 'convnext_t' holds no run" in named.says


def test_a_ladder_comes_before_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_study(tmp_path)
    shutil.move("runs/demo", "resnet50_to_convnext_t")
    assert find_network("resnet50_to_convnext_t:kernel_7").sort == "ladder step"
    assert find_network("./resnet50_to_convnext_t:winner").sort == "trial"


def test_a_directory_of_a_trial_is_that_trial(
    demo: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = numbers(Path(demo), "complete")[0]
    for name in (f"{demo}/trials/{number}", place / demo / "trials" / str(number)):
        assert find_network(name).trial == number
    monkeypatch.chdir(place / demo / "trials")
    assert find_network(str(number)).trial == number


def test_timm_names_the_network_of_the_same_architecture() -> None:
    named = find_network("timm:convnext_tiny.fb_in1k")
    assert named.spec.digest == designspace.load("convnext_t").digest
    assert named.weights == "timm:convnext_tiny.fb_in1k"
    assert find_network("timm:poolformer_s12").spec.head != designspace.load("poolformer_s12").head


def test_every_network_of_the_catalog_is_in_timm_or_known_not_to_be() -> None:
    import timm

    assert all(timm.is_model(theirs) for theirs in timm_names().values())
    assert set(catalog.names("specs")) >= NOT_IN_TIMM
    assert not any(timm.is_model(ours) for ours in NOT_IN_TIMM)


def test_python_takes_every_name(demo: str) -> None:
    name = f"{demo}:winner"
    model = designspace.build(name)
    loaded = designspace.load_weights(model, name)
    assert not loaded.classifier_replaced
    assert model(torch.zeros(1, 1, 12, 12)).shape == (1, 2)
    own = sum(parameter.numel() for parameter in model.parameters())
    assert designspace.cost(name).params == own
    assert designspace.load(name, {"act": "silu"}).digest != designspace.load(name).digest
    assert designspace.diff(name, designspace.load(name).authored).decisions == ()


def test_a_spec_is_had_without_torch(demo: str, place: Path) -> None:
    program = (
        "import sys, designspace.naming as naming; "
        f"naming.find_network('{demo}:winner'), naming.find_network('timm:resnet50'); "
        "print([name for name in ('torch', 'timm', 'safetensors', 'ray') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=place
    )
    assert done.stdout.strip() == "[]"


# what is said of a wrong name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "runs/demo",
            "runs/demo: is a study; name a trial, such as runs/demo:winner (trials: 0 to",
        ),
        ("runs", "runs: names no network, but holds a study; name one, such as runs/demo:winner"),
        (
            "empty",
            "names no network: it is not a run (without record.json) and not a study (without",
        ),
        ("empty", "it is empty"),
        ("runs/demo/trials", "names no network"),
        ("runs/demo:99", "runs/demo: no trial 99; the nearest is 7; trials: 0 to 7, winner"),
        ("runs/demo:best", "runs/demo: no trial 'best'; trials: 0 to 7, winner"),
        ("runs/demo:Winner", "did you mean 'winner'?"),
        ("runs/demo:", "runs/demo: no trial ''"),
        ("runs/demo:-1", "no trial '-1'"),
        ("runs/demo:²", "no trial '²'"),
        ("runs/demo:" + "9" * 5000, "no trial '999"),
        (
            "runs/dmo:winner",
            "no ladder and no study is called 'runs/dmo'; did you mean 'runs/demo'?",
        ),
        ("runs/dmo", "runs/dmo: no such file or directory; did you mean 'runs/demo'?"),
        ("empty:3", "empty: no study here; a study holds a study.yaml"),
        ("runs/demo/study.yaml", "is a file of a study"),
        ("runs/demo/trials.jsonl", "is a file of a study"),
        ("micro:0", "is a space, not a ladder"),
        (
            "timm:resnet5",
            "no network of the catalog is known to match timm's 'resnet5'; known: resnet50",
        ),
        ("nope.safetensors", "nope.safetensors: no such file or directory"),
        ("tiny.npz", "contains no spec of ours"),
        ("C:\\nets\\mine.yaml", "no such network file"),
        ("", "the name is empty"),
        ("/dev/null", "neither a file nor a directory"),
        ("x" * 300, "no network is called"),
        ("runs/" + "x" * 300, "no such file or directory"),
    ],
)
def test_a_wrong_name_is_told_in_one_line(demo: str, place: Path, name: str, said: str) -> None:
    assert demo
    (place / "empty").mkdir(exist_ok=True)
    for command in (["cost"], ["export", "--format", "onnx"], ["show"]):
        ran = run(*command, name)
        assert ran.code == 2
        assert ran.err.count("\n") == 1
        assert command == ["show"] or said in ran.err


@given(st.text(max_size=40) | st.text("a\0/.:~\ud800 -", max_size=12))
@example("\0/")
@example("a\0b/c")
@example("timm:\0")
@example("x:\0")
def test_any_text_names_a_network_or_is_refused(text: str) -> None:
    with contextlib.suppress(InputError):  # and no other error
        assert find_network(text).spec


def test_a_weights_file_that_is_cut_names_nothing(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    model = designspace.build("convnext_proxy")
    designspace.save_weights(model, model.spec, path)
    assert find_network(path).spec.digest == model.spec.digest
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="the file is truncated: 1 bytes are missing"):
        find_network(path)


@pytest.mark.parametrize(
    "content", [b"", b"x" * 9, b"\xff" * 8 + b"{}", b"\x02" + b"\0" * 7 + b"[]"]
)
def test_broken_weights_files_name_nothing(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"w\.safetensors: not a safetensors file"):
        find_network(path)


def test_weights_from_elsewhere_name_no_network(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"a": torch.zeros(2, 3)}, path)
    assert read_header(path) == ({}, {"a": [2, 3]})
    ran = run("cost", path)
    assert ran.code == 2
    assert "contains no spec, so it names no network; name the network, and pass these" in ran.err


def test_other_files_of_ours_say_what_they_are() -> None:
    for file, said in (
        ("search/micro.yaml", "is a space, not a network; pass it to `designspace search --space"),
        ("search/resnet50_to_convnext_t.yaml", "is a ladder, not a network; name one of its steps"),
        ("specs/recipes/demo.yaml", "is a recipe, not a network; pass it to `--recipe"),
    ):
        with pytest.raises(InputError, match=said):
            find_network(catalog.root() / file)


def test_with_several_objectives_the_winner_is_a_front(demo: str, tmp_path: Path) -> None:
    study = tmp_path / "many"
    shutil.copytree(demo, study)
    meta = read_yaml(study / "study.yaml").data
    meta["space"]["authored"]["objectives"] = ["top1", "macs"]
    write_yaml_atomic(study / "study.yaml", meta)
    front = [f"{study}:{trial.number}" for trial in load_study(study).state.front]
    for command in ("cost", "compare"):
        ran = run(command, f"{study}:winner")
        assert ran.code == 2
        assert "no single winner: the study has 2 objectives; name a trial of its front" in ran.err
        assert all(name in ran.err for name in front)


def test_a_study_without_a_complete_trial_has_no_winner(demo: str, tmp_path: Path) -> None:
    study = tmp_path / "young"
    shutil.copytree(demo, study)
    ledger = (study / "trials.jsonl").read_text().splitlines(keepends=True)
    gone = ('"event":"ended"', '"event":"tested"', '"action":"completed"')
    kept = [line for line in ledger if not any(part in line for part in gone)]
    (study / "trials.jsonl").write_text("".join(kept))
    ran = run("cost", f"{study}:winner")
    assert ran.code == 2
    assert "the study has no winner yet; its trials: 8 running" in ran.err
    assert (
        "is not complete after" in find_network(f"{study}:0").missing
        or find_network(f"{study}:0").weights
    )


# what a command does with it


def test_build_writes_the_trained_weights_with_their_facts(demo: str, tmp_path: Path) -> None:
    out = tmp_path / "winner.safetensors"
    ran = run("build", f"{demo}:winner", "--out", out)
    assert ran.code == 0, ran.err
    winner = find_network(f"{demo}:winner")
    assert f"{demo}:winner is trial {winner.trial}" in ran.out
    assert f"{winner.weights}: 28 of 28 tensors" in ran.out
    before, after = facts_in(str(winner.weights)), facts_in(out)
    for key in ("num_classes", "in_channels", "classes", "recipe", "data", "digest"):
        assert after[key] == before[key]
    view: Any = before["input"]
    assert after["input"] == {"crop_mode": "center", **view}
    with safe_open(out, "pt") as new, safe_open(str(winner.weights), "pt") as old:
        assert set(new.keys()) == set(old.keys())
        for name in new.keys():  # noqa: SIM118
            assert torch.equal(new.get_tensor(name), old.get_tensor(name))
    again = json.loads(run("build", out, "--json").out)  # a weights file names its network
    assert again["digest"] == winner.spec.digest
    assert again["output"] == [2, 2]
    assert again["named"]["is"] == "weights file"


def test_weights_that_are_given_win(demo: str, tmp_path: Path) -> None:
    number = numbers(Path(demo), "complete")[0]
    named = find_network(f"{demo}:{number}")
    other = tmp_path / "other.safetensors"
    model = designspace.build(named.spec, num_classes=2, in_channels=1, input_size=12)
    save_weights(model, named.spec, other, num_classes=2, in_channels=1)
    ran = run("build", f"{demo}:{number}", "--weights", other)
    assert ran.code == 0, ran.err
    assert f"{other}: 28 of 28 tensors" in ran.out
    ran = run("build", other, "--weights", f"{demo}:{number}")
    assert f"{demo}:{number} is trial {number}" in ran.out
    assert f"{named.weights}: 28 of 28 tensors" in ran.out


def test_changes_leave_the_weights_only_with_the_same_architecture(demo: str) -> None:
    name = f"{demo}:winner"
    act = designspace.load(name).authored["act"]
    same = json.loads(run("build", name, "--set", f"act={act}", "--json").out)
    assert same["loaded"]
    changed = run("build", name, "--set", "act=silu")
    assert changed.code == 0
    assert "the weights are untrained (seed 0), because the changes make it" in changed.out
    refused = run("export", name, "--set", "act=silu", "--format", "onnx")
    assert refused.code == 2
    assert "the changes make it a different network from demo:" in refused.err


def test_bench_measures_at_the_task_of_the_training(demo: str) -> None:
    options = ["--rounds", 1, "--batch-size", 1, "--json", "--device", "cpu"]
    ran = run("bench", f"{demo}:winner", "convnext_proxy", *options)
    assert ran.code == 0, ran.err
    trained, plain = json.loads(ran.out)["rows"]
    assert (trained["num_classes"], trained["in_channels"], trained["input_size"]) == (2, 1, 12)
    assert (plain["num_classes"], plain["in_channels"], plain["input_size"]) == (1000, 3, 28)
    assert trained["network"] == find_network(f"{demo}:winner").title


def test_diff_verify_and_compare_take_trials(demo: str) -> None:
    winner = find_network(f"{demo}:winner").trial
    found = json.loads(run("diff", "convnext_proxy", f"{demo}:winner", "--json").out)
    assert found["b"]["named"]["trial"] == winner
    verified = json.loads(run("verify", f"{demo}:winner", "--json").out)
    assert (verified["ok"], verified["rows"][0]["name"]) == (True, f"demo:{winner}")
    compared = json.loads(run("compare", f"{demo}:winner", f"{demo}:{winner}", "--json").out)
    assert compared["groups"][0]["runs"] == [f"demo:{winner}"]


def test_a_run_names_its_network_and_training_goes_on_from_a_trial(
    demo: str, tmp_path: Path
) -> None:
    out, data = tmp_path / "run", npz(tmp_path)
    winner = find_network(f"{demo}:winner")
    command = ["train", "--from", f"{demo}:winner", f"--data={data}", "--device=cpu"]
    short = ["--recipe-set=epochs=1", "--recipe-set=schedule.warmup_epochs=0"]
    ran = run(*command, *short, "--recipe-set=batch_size=16", "--out", out)
    assert ran.code == 0, ran.err
    assert f"{demo}:winner is trial {winner.trial}" in ran.out
    record = json.loads((out / "record.json").read_text())
    assert record["spec"]["digest"] == winner.spec.digest
    assert record["initial"]["name"] == str(winner.weights)
    named = find_network(out)
    assert (named.sort, named.weights) == ("run", out / WEIGHTS)
    assert json.loads(run("build", out, "--json").out)["loaded"]
    alone = run(*words(data), "--from", f"{demo}:{numbers(Path(demo), 'stopped')[0]}")
    assert alone.code == 2
    assert "has no weights: trial" in alone.err
    assert run("train", "--device=cpu").err.startswith("error: no network is named")


def test_a_run_that_did_not_finish_has_no_weights(demo: str, tmp_path: Path) -> None:
    assert demo
    out = tmp_path / "lost"
    breaks = {"optimizer.lr": 1e30, "grad_clip": None}
    assert run(*words(npz(tmp_path), breaks), "--out", out).code == 4
    named = find_network(out)
    assert named.weights is None
    assert "the run diverged after" in named.missing
    ran = run("export", out, "--format", "onnx")
    assert ran.code == 2
    assert "has no weights to export: the run diverged after" in ran.err


# what a base cannot be


@pytest.mark.parametrize(
    "base",
    [
        "runs/demo:winner",
        "runs/demo:5",
        "runs/gone:5",
        "runs/demo",
        "timm:resnet50",
        "w.safetensors",
    ],
)
def test_a_base_that_can_change_is_refused(demo: str, base: str, tmp_path: Path) -> None:
    assert demo
    network, space = tmp_path / "net.yaml", tmp_path / "space.yaml"
    ladder = tmp_path / "ladder.yaml"
    network.write_text(f"name: mine\nbase: {base}\n")
    space.write_text(f"base: {base}\naxes:\n  act: {{path: act, choices: [relu, gelu]}}\n")
    ladder.write_text(f"base: {base}\nsteps:\n- name: base\n")
    for line, command in (
        (f"{network}:2", ["cost", network]),
        (f"{space}:1", ["space", "info", space]),
        (f"{ladder}:1", ["ladder", ladder]),
    ):
        ran = run(*command)
        assert ran.code == 2
        assert ran.err.startswith(f"error: {line}: base: '{base}' cannot be a base because it can")
        assert f"write the spec out first: designspace show {base} > my.yaml" in ran.err
    with pytest.raises(InputError, match="cannot be a base"):
        designspace.load({"base": base})


def test_help_says_every_name() -> None:
    for command in ("cost", "build", "export", "bench", "train", "diff", "score", "verify"):
        for option in ("-h", "--help"):
            ran = run(command, option)
            assert ran.code == 0
            said = " ".join(ran.out.split())
            assert all(part in said for part in ("LADDER:STEP", "STUDY:TRIAL", "timm:NAME"))
