"""Data never run code: files that name a plug-in only say what is missing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import designspace
from designspace.plugins import active, use_plugin
from designspace.records.study.study import META
from tests.helpers.command import run
from tests.helpers.plugins import GATE, no_plugins, sha256, written
from tests.plugins.test_use import SMALL

TRAP = GATE + "\n\nfrom pathlib import Path\n\nPath(MARK).touch()\n"


@pytest.fixture(autouse=True)
def _forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)  # where the plug-in lies, and whatever finds files by names looks
    with no_plugins():
        yield


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A plug-in that leaves a mark where it runs."""
    return written(tmp_path, TRAP.replace("MARK", repr(str(tmp_path / "mark"))))


def ran_nothing(tmp_path: Path) -> bool:
    return not (tmp_path / "mark").exists() and not active()


def spec_file(tmp_path: Path, plugins: Any) -> Path:
    path = tmp_path / "hostile.yaml"
    path.write_text(json.dumps({**SMALL, "plugins": plugins}))
    return path


VERBS = [("cost",), ("build",), ("show",), ("diff", "convnext_t"), ("bench",), ("export",)]


@pytest.mark.parametrize("verb", VERBS)
def test_a_hostile_network_file(tmp_path: Path, trap: Path, verb: tuple[str, ...]) -> None:
    ran = run(*verb, spec_file(tmp_path, {"gate.py": sha256(trap)}))
    assert ran.code == 2
    assert "hostile.yaml:1: plugins: needs the plug-in gate.py" in ran.err
    assert "add --plugin gate.py" in ran.err
    assert ran_nothing(tmp_path)


@pytest.mark.parametrize(
    "plugins",
    [
        ["gate.py"], "gate.py", {"gate.py": "x"}, {"./gate.py": None}, {"a b": None}, 3,
        {"gate": {"path": "gate.py"}}, {"os": None}, {"gate.py": None},
    ],
)  # fmt: skip
def test_hostile_values_of_the_key(tmp_path: Path, trap: Path, plugins: Any) -> None:
    assert trap.exists()
    ran = run("cost", spec_file(tmp_path, plugins))
    assert ran.code == 2
    assert ran_nothing(tmp_path)


def test_yaml_that_asks_python_for_objects(tmp_path: Path, trap: Path) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text(f"plugins: !!python/object/apply:runpy.run_path ['{trap}']\ndepths: [1]\n")
    ran = run("cost", path)
    assert ran.code == 2
    assert ran_nothing(tmp_path)


def test_hostile_spaces_ladders_and_bases(tmp_path: Path, trap: Path) -> None:
    needed = {"gate.py": sha256(trap)}
    axes = {"kernel": {"path": "block.mixer.kernel_size", "values": [3, 5]}}
    files = {
        "space.yaml": {"plugins": needed, "base": "convnext_t", "axes": axes},
        "inner.yaml": {"base": spec_file(tmp_path, needed).name, "changes": {"depths": [1, 2]}},
        "ladder.yaml": {"plugins": needed, "base": "resnet50", "steps": [{"name": "a"}]},
    }
    for name, data in files.items():
        (tmp_path / name).write_text(json.dumps(data))
    for words in (
        ("space", "info", "space.yaml"), ("sample", "space.yaml"),
        ("search", "--space", "space.yaml"),
        ("cost", "inner.yaml"), ("ladder", "ladder.yaml"), ("cost", "ladder.yaml:a"),
    ):  # fmt: skip
        ran = run(*words)
        assert (ran.code, "needs the plug-in gate.py" in ran.err) == (2, True), (words, ran.err)
    assert ran_nothing(tmp_path)


def test_a_hostile_weights_file(tmp_path: Path, trap: Path) -> None:
    with no_plugins():
        use_plugin(trap)
        network = designspace.load(SMALL)
        designspace.save_weights(designspace.build(network), network, tmp_path / "w.safetensors")
    (tmp_path / "mark").unlink()
    for verb in ("cost", "build", "show", "train"):
        ran = run(verb, "w.safetensors")
        assert ran.code == 2, verb
        assert "needs the plug-in gate.py" in ran.err
    assert ran_nothing(tmp_path)
    assert run("cost", "w.safetensors", "--plugin", trap).code == 0


def test_a_hostile_study(tmp_path: Path, trap: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    base = {**SMALL, "plugins": {"gate.py": sha256(trap)}}
    meta = {
        "name": "s", "created": "2026-01-01T00:00:00+00:00", "command": ["designspace", "search"],
        "space": {"name": "s", "digest": "0" * 16, "authored": {"base": base, "axes": {}}},
        "recipe": {"name": "demo", "digest": "0" * 16, "full": {}}, "seed": 0, "trials": 1,
        "data": {"name": "d", "digest": "0" * 16, "num_classes": 2, "channels": 1, "train": 1,
                 "val": 1, "test": 1, "load": {"source": None}},
        "proposer": "random", "scheduler": {"kind": "none"}, "executor": "local",
        "environment": {"device": "cpu"}, "plugins": {"gate.py": sha256(trap)},
    }  # fmt: skip
    (study / META).write_text(json.dumps(meta))
    ran = run("resume", study, "--executor", "local")
    assert ran.code == 2
    assert "study.yaml: plugins: needs the plug-in gate.py" in ran.err
    run("report", study)
    run("status", study)
    assert ran_nothing(tmp_path)


def test_another_content_than_the_one_named_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path)
    ran = run("cost", spec_file(tmp_path, {"gate.py": "0" * 64}), "--plugin", file)
    assert ran.code == 2
    assert "with sha256 000000000000..., but the one given has" in ran.err


def test_the_users_own_list_loads_what_data_ask_for_by_hash(tmp_path: Path, trap: Path) -> None:
    listed = tmp_path / "config" / "designspace" / "plugins.txt"
    listed.parent.mkdir(parents=True)
    listed.write_text(f"# mine\n\n{tmp_path / 'gone.py'}\n{trap}\n")
    assert run("cost", spec_file(tmp_path, {"gate.py": "0" * 64})).code == 2
    assert run("cost", spec_file(tmp_path, {"gate.py": None})).code == 2, "a name is not enough"
    assert ran_nothing(tmp_path)
    ran = run("cost", spec_file(tmp_path, {"gate.py": sha256(trap)}))
    assert ran.code == 0, ran.err
    assert (tmp_path / "mark").exists()
