"""A wheel, built, installed in a fresh environment, used from an empty directory."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not UV.exists(), reason="needs uv beside this Python"),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run([UV, "build", "--wheel", "--out-dir", out, ROOT], check=True)
    return next(out.glob("*.whl"))


def test_it_holds_catalog_data_and_page(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "designspace/_catalog/specs/convnext_t.yaml",
        "designspace/_catalog/specs/recipes/demo.yaml",
        "designspace/_catalog/search/micro.yaml",
        "designspace/_catalog/search/resnet50_to_convnext_t.yaml",
        "designspace/spec/documents/decisions.yaml",
        "designspace/images/datasets/fashion_mnist_mini.npz",
        "designspace/images/datasets/fashion_mnist_mini.LICENSE",
        "designspace/reporting/study/page.html.j2",
        "designspace/py.typed",
    ):
        assert wanted in names


def test_it_works_from_an_empty_directory(wheel: Path, tmp_path: Path) -> None:
    environment, empty = tmp_path / "venv", tmp_path / "empty"
    empty.mkdir()
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    python = environment / "bin" / "python"
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, wheel], check=True)

    def designspace(*words: str) -> str:
        command = [environment / "bin" / "designspace", *words]
        done = subprocess.run(command, cwd=empty, capture_output=True, text=True, check=True)
        return done.stdout

    assert "28,589,128" in designspace("cost", "convnext_t")
    small = ["--recipe-set", "epochs=2", "--recipe-set", "schedule.warmup_epochs=0"]
    study = ["search", "--space", "micro", "--trials", "2", "--executor", "local", *small]
    assert "2 of 2 trials" in designspace(*study)
    assert "report.html" in designspace("report")
    assert (empty / "runs/micro-demo/report.html").is_file()
    shutil.rmtree(environment)
