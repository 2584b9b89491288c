"""Options that every command shares: they are honoured, or refused before any work starts."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from designspace.cli.app import app
from designspace.cli.output.printing import print_json
from designspace.records.run import read_record
from designspace.searching.study import run_study
from tests.helpers import toy
from tests.helpers.command import run
from tests.helpers.trainings import npz, words

SPACE = """
name: small
base: {base: convnext_proxy, changes: {depths: [1, 1], widths: [8, 16], stem.patch_size: 4}}
axes:
  act: {path: act, choices: [gelu, relu]}
"""


def commands() -> dict[str, Any]:
    """Every command of the app by its words; a group is replaced by its members."""
    from typer.main import get_command

    found: dict[str, Any] = {}
    for name, command in vars(get_command(app))["commands"].items():
        inner = vars(command).get("commands")
        found |= {f"{name} {sub}": one for sub, one in inner.items()} if inner else {name: command}
    return found


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_takes_json_and_has_a_whole_summary(name: str) -> None:
    command = commands()[name]
    assert "--json" in {flag for option in command.params for flag in option.opts}
    listed = " ".join(run(*name.split()[:-1], "--help").out.split())
    summary = command.callback.__doc__.splitlines()[0]
    assert summary.endswith(".")
    assert f"{name.split()[-1]} {summary}" in listed
    assert "..." not in listed.partition("Commands:")[2]


@pytest.mark.parametrize(
    "line",
    [
        "catalog", "schema", "schema recipe", "ladder resnet50_to_convnext_t", "space info SPACE",
        "diff resnet50 convnext_t", "sample SPACE -n 2", "show convnext_t", "cost convnext_t",
        "build convnext_proxy --input-size 28", "data", "status STUDY", "report STUDY",
        "score convnext_proxy --batch-size 8 --repeats 1", "schema space --out OUT",
        "bench convnext_proxy --rounds 1 --seconds 0 --batch-size 1",
    ],
)  # fmt: skip
def test_json_is_one_document(line: str, tmp_path: Path) -> None:
    study = tmp_path / "study"
    (tmp_path / "space.yaml").write_text(SPACE)
    if "STUDY" in line:
        run_study(toy.request(study, trials=2))
    places = {"SPACE": tmp_path / "space.yaml", "STUDY": study, "OUT": tmp_path / "out.json"}
    ran = run(*(places.get(word, word) for word in line.split()), "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)


def test_json_has_no_number_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [math.nan, (1.5, math.inf)], "b": {"c": -math.inf, "d": 1}})
    assert json.loads(capsys.readouterr().out) == {
        "a": [None, [1.5, None]],
        "b": {"c": None, "d": 1},
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train convnext_proxy --device cudaa", "unknown device 'cudaa'"),
        ("search --device cudaa", "unknown device 'cudaa'"),
        ("eval convnext_proxy --device cudaa", "unknown device 'cudaa'"),
        ("score convnext_proxy --device cudaa", "unknown device 'cudaa'"),
        ("verify --device cpu", "--device"),
        ("bench convnext_proxy --threads 0", "--threads"),
        ("bench convnext_proxy --seconds nan", "--seconds"),
        ("bench convnext_proxy --seconds inf", "--seconds"),
        ("train convnext_proxy --save-every inf", "--save-every"),
        ("train convnext_proxy --save-every -1", "--save-every"),
        ("train convnext_proxy --seed -1", "--seed"),
        ("train convnext_proxy --seeds 0", "--seeds"),
        ("train convnext_proxy --input-size 0", "--input-size"),
        ("search --gpus-per-trial inf", "--gpus-per-trial"),
        ("search --input-size -4", "--input-size"),
        ("search --seed 99999999999999999999", "--seed"),
        ("score convnext_proxy --batch-size 0", "batch_size"),
        ("score convnext_proxy --repeats 0", "repeats"),
        ("verify --tolerance nan --data .", "--tolerance"),
        ("data --val-fraction nan", "--val-fraction"),
        ("build convnext_proxy --layout foo", "unknown layout 'foo'"),
        ("build convnext_proxy --layout foo --out x.safetensors", "unknown layout 'foo'"),
        ("build convnext_proxy --layout tim", "did you mean 'timm'?"),
        ("build convnext_proxy --layout timm", "add --out FILE"),
        ("train convnext_proxy --input-size 8 --recipe-set input_size=9", "contradicts"),
        ("search --input-size 8 --recipe-set input_size=9", "contradicts"),
        ("eval convnext_proxy --weights *.none", "no file matches '*.none'"),
    ],
)
def test_a_wrong_option_is_one_line(
    line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(*line.split())
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_tune_offers_only_what_it_takes(tmp_path: Path) -> None:
    ran = run("train", "convnext_proxy", "--tune", "qqq")
    offered = ran.err.partition("valid: ")[2].strip().split(", ")
    assert {"lr", "weight_decay"} <= set(offered)
    assert not {"flip", "mixup", "epochs", "val_fraction", "crop_pct"} & set(offered)
    for name in offered:  # accepted: the line goes on to what stands behind it
        line = ["train", "convnext_proxy", "--tune", name, "--data", tmp_path / "none"]
        assert "none" in run(*line).err


def test_the_size_that_was_set_is_the_size_of_training(tmp_path: Path) -> None:
    line = words(npz(tmp_path))
    sizes: dict[str, int] = {}
    for name, more in {
        "own": [],
        "set": ["--set", "input_size=16"],
        "option": ["--input-size", "20"],
        "both": ["--set", "input_size=16", "--input-size", "20"],
    }.items():
        ran = run(*line, *more, "--out", tmp_path / name)
        assert ran.code == 0, ran.err
        sizes[name] = read_record(tmp_path / name).input_size
    assert sizes == {"own": 12, "set": 16, "option": 20, "both": 20}
    assert run(*line, "--input-size", 24, "--out", tmp_path / "option").code == 2


def test_a_search_takes_the_size(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)
    line = ["search", "--space", tmp_path / "space.yaml", "--data", npz(tmp_path), "--dry-run"]
    macs = [
        json.loads(run(*line, *more, "--json").out)["base"]["macs"]
        for more in ([], ["--input-size=24"])
    ]
    assert macs[1] > 2 * macs[0]


def test_eval_measures_every_file_of_a_pattern(tmp_path: Path) -> None:
    data, home = npz(tmp_path), tmp_path / "run"
    assert run(*words(data), "--out", home).code == 0
    for name in ("a", "b"):
        shutil.copy(home / "weights.safetensors", tmp_path / f"{name}.safetensors")
    line = ["eval", home, "--data", data, "--device", "cpu"]
    ran = run(*line, "--weights", tmp_path / "[ab].safetensors", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert [Path(row["weights_name"]).name for row in found] == ["a.safetensors", "b.safetensors"]
    assert found[0]["top1"] == found[1]["top1"]
    assert "a.safetensors" in run(*line, "--weights", tmp_path / "*.safetensors").out
    (tmp_path / "c.safetensors").write_bytes(b"broken")
    broken = run(*line, "--weights", tmp_path / "*.safetensors", "--json")
    assert broken.code == 2
    assert "c.safetensors" in broken.err
    assert broken.err.count("\n") == 1
    assert ["error" in row for row in json.loads(broken.out)] == [False, False, True]
    files = [word for name in "ab" for word in ("--weights", tmp_path / f"{name}.safetensors")]
    twice = run(*line, *files)
    assert twice.code == 0
    assert twice.out.count("safetensors") == 2
