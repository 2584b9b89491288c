"""A plug-in: its kinds are choices like any other, and its mistakes are told at their line."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import designspace
from designspace.errors import InputError
from designspace.plugins import active, kinds_of, use_plugin
from tests.helpers.command import run
from tests.helpers.plugins import GATE, no_plugins, sha256, written

SMALL: dict[str, Any] = {
    "name": "small", "depths": [1, 1], "widths": [8, 16], "input_size": 32, "act": "relu",
    "stem": {"kind": "patchify", "patch_size": 4},
    "block": {"kind": "metaformer", "mixer": "gate"},
    "downsample": {"kind": "patch_merging"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    with no_plugins():
        yield


def test_a_kind_of_a_plugin_is_counted_built_saved_and_loaded(tmp_path: Path) -> None:
    file = written(tmp_path)
    plugin = use_plugin(file)
    assert kinds_of(plugin) == ("mixer gate",)
    assert (plugin.name, plugin.sha256) == ("gate.py", sha256(file))
    network = designspace.load(SMALL)
    model = designspace.build(network, num_classes=10)
    table = designspace.cost(network, num_classes=10)
    assert table.params == sum(value.numel() for value in model.parameters())
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    assert network.authored["plugins"] == {"gate.py": sha256(file)}
    weights = tmp_path / "w.safetensors"
    designspace.save_weights(model, network, weights)
    assert designspace.load(weights).digest == network.digest
    assert "plugins" not in designspace.load(SMALL, {"block.mixer": "pool"}).authored


def test_the_same_file_again_does_nothing_and_a_changed_one_replaces_its_kinds(
    tmp_path: Path,
) -> None:
    file = written(tmp_path)
    assert use_plugin(file) is use_plugin(file)
    before = designspace.cost(SMALL).params
    file.write_text(GATE.replace("kernel_size: int = 3", "kernel_size: int = 5"))
    use_plugin(file)
    assert [plugin.sha256 for plugin in active().values()] == [sha256(file)]
    assert designspace.cost(SMALL).params == before + (25 - 9) * (8 + 16)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def broken(:\n", "gate.py:1: the plug-in is not valid Python"),
        ("x = 1\nx.y\n", "gate.py:2: the plug-in fails: AttributeError"),
        ("\nimport nothing_like_it\n", "gate.py:2: the plug-in fails: ModuleNotFoundError"),
        (GATE.replace('"gate"]', '"pool"]').replace('= "gate"', '= "pool"'), "is defined twice"),
    ],
)
def test_what_is_wrong_in_a_plugin_is_told_at_its_line(
    tmp_path: Path, text: str, said: str
) -> None:
    ran = run("--plugin", written(tmp_path, text), "cost", "convnext_t")
    assert ran.code == 2
    assert said in ran.err
    assert "gate.py:" in ran.err
    assert active() == {}
    assert designspace.load("poolformer_s12")


def test_a_plugin_that_fails_half_way_leaves_no_kind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ZeroDivisionError"):
        use_plugin(written(tmp_path, GATE + "\n1 / 0\n"))
    with pytest.raises(InputError, match="unknown kind 'gate'"):
        designspace.load(SMALL)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    written(tmp_path)
    ran = run("cost", "convnext_t", "--plugin", tmp_path / "gat.py")
    assert ran.code == 2
    assert "no such plug-in file" in ran.err
    assert "gate.py'?" in ran.err
    assert run("cost", "convnext_t", "--plugin").code == 2


@pytest.mark.parametrize("before", [True, False])
def test_the_option_stands_before_or_after_the_verb(tmp_path: Path, before: bool) -> None:
    spec = tmp_path / "small.yaml"
    spec.write_text(json.dumps(SMALL))
    option, verb = ("--plugin", written(tmp_path)), ("cost", spec, "--json")
    ran = run(*option, *verb) if before else run(*verb, *option)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["params"] == designspace.cost(SMALL).params
    assert "--plugin" in run("--help").out
    assert "--plugin" in run("cost", "--help").out


def refused(folder: Path, broken: str, at: str) -> str:
    """The error of a plug-in after its file and line, which is the first that holds `at`."""
    file, spec = written(folder, broken), folder / "small.yaml"
    spec.write_text(json.dumps(SMALL))
    ran = run("cost", spec, "--plugin", file)
    line = next(n for n, text in enumerate(broken.splitlines(), 1) if at in text)
    place = f"error: {file}:{line}: "
    assert (ran.code, ran.err[: len(place)]) == (2, place)
    return ran.err[len(place) :]


def test_an_error_inside_a_plugin_names_its_line(tmp_path: Path) -> None:
    broken = GATE.replace("return m.proj(x + m.context(x))", "return m.proj(x.nothing)")
    assert refused(tmp_path, broken, "x.nothing").startswith("AttributeError")


def test_a_layer_that_is_never_called_is_told_of_the_part(tmp_path: Path) -> None:
    broken = GATE.replace("return m.proj(x + m.context(x))", "return m.proj(x)")
    said = refused(tmp_path, broken, "def forward")
    assert said.startswith("AssertionError: layers never called: context")


def test_the_catalog_and_the_schema_list_kinds_of_plugins(tmp_path: Path) -> None:
    ran = run("catalog", "--json", "--plugin", written(tmp_path))
    kinds = {kind["kind"]: kind for kind in json.loads(ran.out)["kinds"]}
    assert kinds["gate"]["plugin"] == "gate.py"
    assert kinds["pool"]["plugin"] is None
    assert '"gate"' in run("schema").out


def test_a_process_that_python_starts_anew_finds_pickled_classes(tmp_path: Path) -> None:
    file = written(tmp_path, GATE + "\n\nclass Images:\n    size = 7\n")
    program = tmp_path / "program.py"
    program.write_text(
        "import pickle, subprocess, sys\n"
        "import designspace\n"
        f"plugin = designspace.use_plugin({str(file)!r})\n"
        "made = sys.modules[plugin.module].Images()\n"
        "child = 'import sys, pickle, designspace; '"
        "'print(pickle.load(sys.stdin.buffer).size)'\n"
        "subprocess.run([sys.executable, '-c', child], input=pickle.dumps(made), check=True)\n"
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "7", done.stderr
