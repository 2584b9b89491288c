"""Searching over kinds from outside: in this process, on Ray's workers, with a data loader."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from PIL import Image

import designspace
from designspace.errors import InputError
from designspace.images.data import load_data
from designspace.images.split import EncodedSplit
from designspace.layers.leaves.convolution import Linear
from designspace.mixers.mixer import Mixer
from designspace.plugins import use_plugin
from designspace.records.run import read_record
from designspace.records.study.study import load_study
from tests.helpers import trainings
from tests.helpers.command import run
from tests.helpers.plugins import GATE, no_plugins, sha256, written
from tests.plugins.test_use import SMALL

BASE = {**SMALL, "stem": {"kind": "patchify", "patch_size": 2}}
BROKEN = (
    GATE
    + '''

class Broken(Gate):
    """Runs on shapes, and fails on tensors."""

    kind: Literal["broken"] = "broken"

    def forward(self, m: Children, x: Any) -> Any:
        """Fail."""
        if hasattr(x, "device") and x.device.type != "meta":
            raise ArithmeticError("no such luck")
        return super().forward(m, x)
'''
)
SETTINGS: dict[str, Any] = {
    "recipe_changes": trainings.SHORT, "device": "cpu", "scheduler": "none", "proposer": "random",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    with no_plugins():
        yield


def space(*mixers: str) -> dict[str, Any]:
    choices = {name: name for name in mixers}
    axes = {"mixer": {"path": "block.mixer", "choices": choices}}
    return {"name": "outside", "base": BASE, "axes": axes}


def test_a_run_records_the_plugin_and_goes_on_only_with_it(tmp_path: Path) -> None:
    file, out = written(tmp_path), tmp_path / "run"
    spec = tmp_path / "small.yaml"
    spec.write_text(json.dumps(BASE))
    words = ("train", spec, "--data", trainings.npz(tmp_path), "--out", out, "--device", "cpu")
    changes = [
        word
        for path, value in trainings.SHORT.items()
        for word in ("--recipe-set", f"{path}={value}")
    ]
    ran = run(*words, *changes, "--plugin", file)
    assert ran.code == 0, ran.err
    assert read_record(out).spec.plugins == {"gate.py": sha256(file)}
    file.write_text(GATE + "\n# another one\n")
    ran = run(*words, *changes, "--plugin", file)
    assert ran.code == 2
    assert "plug-in (gate.py" in ran.err
    with no_plugins():
        ran = run("build", out)
        assert (ran.code, "needs the plug-in gate.py" in ran.err) == (2, True)


def test_kinds_of_a_script_are_refused_before_ray_starts(tmp_path: Path) -> None:
    class Mine(Mixer):  # pyright: ignore[reportUnusedClass]
        kind: Literal["mine"] = "mine"

        def layers(self, x: Any, at: Any) -> Any:  # noqa: ARG002
            return {"proj": Linear(at.width)}

        def forward(self, m: Any, x: Any) -> Any:
            return m.proj(x)

    base = {**BASE, "block": {"kind": "metaformer", "mixer": "pool"}}
    with pytest.raises(InputError, match=r"mixer 'mine' is defined in .*test_search"):
        designspace.search(
            {**space("pool", "mine"), "base": base}, data=trainings.npz(tmp_path), trials=2,
            study=tmp_path / "study", executor="ray", **SETTINGS,
        )  # fmt: skip
    assert not (tmp_path / "study").exists()


@pytest.mark.slow
def test_ray_workers_get_the_source_and_tell_the_line(tmp_path: Path) -> None:
    file = written(tmp_path, BROKEN)
    described = tmp_path / "space.yaml"
    described.write_text(json.dumps({**space("gate", "broken")}))
    words = [
        "search", "--space", described, "--data", trainings.npz(tmp_path), "--trials", 2,
        "--study", tmp_path / "study", "--executor", "ray", "--device", "cpu",
        "--scheduler", "none", "--proposer", "random", "--plugin", file,
        "--recipe-set", "epochs=1", "--recipe-set", "batch_size=16",
        "--recipe-set", "schedule.warmup_epochs=0",
    ]  # fmt: skip
    command = [sys.executable, "-m", "designspace", *map(str, words)]
    variables = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stderr
    study = load_study(tmp_path / "study")
    ended = {trial.point["mixer"]: trial for trial in study.state.trials.values()}
    assert ended["gate"].state == "complete"
    line = next(n for n, text in enumerate(BROKEN.splitlines(), 1) if "no such luck" in text)
    said = f"{file}:{line}: ArithmeticError: no such luck"
    assert ended["broken"].error == said
    trace = (tmp_path / "study" / "trials" / str(ended["broken"].number) / "stderr.txt").read_text()
    assert 'raise ArithmeticError("no such luck")' in trace
    assert study.meta.plugins == {"gate.py": sha256(file)}
    name = f"{tmp_path / 'study'}:{ended['gate'].number}"
    assert run("build", name).code == 2
    assert run("build", name, "--plugin", file).code == 0
    assert run("resume", tmp_path / "study", "--plugin", file, "--trials", 2).code in (0, 4)


def photos(folder: Path) -> Path:
    """Images of several sizes in two classes."""
    draw = np.random.default_rng(0)
    for number in range(60):
        split = "train" if number < 48 else "test"
        place = folder / "photos" / split / ("dark", "light")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        pixels = draw.integers(0, 100, (20 + number % 5, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels + 120 * (number % 2)).save(place / f"{number}.png")
    return folder / "photos"


@pytest.mark.slow
def test_workers_of_a_data_loader_do_not_mind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESIGNSPACE_WORKERS", "2")
    use_plugin(written(tmp_path))
    images = photos(tmp_path)
    assert isinstance(load_data(str(images), image_size="own").train, EncodedSplit)
    found = designspace.train(
        BASE, data=images, device="cpu", out=tmp_path / "run",
        recipe_changes={**trainings.SHORT, "test.crop_mode": "squash", "input_size": 16},
    )  # fmt: skip
    assert found.record.outcome.state == "complete"
