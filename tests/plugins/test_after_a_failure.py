"""Messages after a training or a search with a plug-in: the next command that they name works."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from designspace.records.study.study import StudyMeta
from designspace.reporting.study.ending import build_command
from tests.helpers import trainings
from tests.helpers.command import run
from tests.helpers.plugins import no_plugins, written
from tests.plugins.test_search import BASE, BROKEN


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    with no_plugins():
        yield


def test_a_failing_plugin_is_to_be_fixed_in_another_directory(tmp_path: Path) -> None:
    spec = tmp_path / "small.yaml"
    spec.write_text(json.dumps({**BASE, "block": {"kind": "metaformer", "mixer": "broken"}}))
    changes = [f"--recipe-set={path}={value}" for path, value in trainings.SHORT.items()]
    ran = run(
        "train", spec, "--data", trainings.npz(tmp_path), "--out", tmp_path / "run", "--device",
        "cpu", "--plugin", written(tmp_path, BROKEN), *changes,
    )  # fmt: skip
    assert ran.code == 1
    assert "ArithmeticError: no such luck" in ran.err
    assert "fix the plug-in and start in another directory (--out or --study)" in ran.err
    assert "goes on from its last checkpoint" not in ran.err


@pytest.mark.parametrize(
    "option", [["--plugin", "my kinds/gate.py"], ["--plugin=my kinds/gate.py"]]
)
def test_the_command_for_the_winner_has_the_plugins(option: list[str]) -> None:
    plugins = {"gate.py": "0" * 64, "installed": "1" * 64, "other.py": "2" * 64}
    meta = StudyMeta.model_construct(command=["designspace", "search", *option], plugins=plugins)
    assert build_command("runs/x", meta) == (
        "designspace build runs/x:winner --out winner.safetensors "
        "--plugin 'my kinds/gate.py' --plugin other.py"
    )
    none = StudyMeta.model_construct(command=["designspace", "search"], plugins={})
    assert build_command("runs/x", none).endswith("--out winner.safetensors")
