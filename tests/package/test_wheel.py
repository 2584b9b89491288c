"""What is published: complete, without strays, and working from an empty directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata

from designspace.extras import EXTRAS

ROOT = Path(__file__).resolve().parents[2]
# The environment without the path that xdist and a developer's shell may set.
CLEAN = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
UV = Path(sys.executable).with_name("uv")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not UV.exists(), reason="needs uv beside this Python"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the source distribution and of the wheel, which is built from it."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([UV, "build", "--quiet", "--out-dir", out, ROOT], check=True)
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


def tracked() -> set[str]:
    done = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("needs a checkout, whose files Git knows")
    return set(done.stdout.splitlines())


def test_the_wheel_holds_the_package_and_the_catalog_and_nothing_else(wheel: Path) -> None:
    known = tracked()
    expected = {name for name in known if name.startswith("designspace/")}
    for folder in ("specs", "search"):
        expected |= {f"designspace/_catalog/{n}" for n in known if n.startswith(f"{folder}/")}
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == expected


def test_the_source_distribution_holds_what_git_knows(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names == tracked() | {"PKG-INFO"}


def test_the_metadata_are_valid_and_say_what_an_index_shows(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Metadata.from_email(archive.read(name), validate=True)
    assert metadata.description_content_type == "text/markdown"
    assert metadata.license_expression == "MIT"
    assert metadata.license_files
    assert set(metadata.provides_extra or ()) == {*EXTRAS, "all"}
    assert any(line.startswith("Programming Language :: Python :: 3.13")
               for line in metadata.classifiers or ())  # fmt: skip
    needed = [need for need in metadata.requires_dist or () if need.marker is None]
    assert not {need.name for need in needed} & {m for extra in EXTRAS.values() for m in extra}


def test_it_works_from_an_empty_directory(wheel: Path, tmp_path: Path) -> None:
    environment, empty = tmp_path / "venv", tmp_path / "empty"
    empty.mkdir()
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    python = environment / "bin" / "python"
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, wheel], check=True)

    def designspace(*words: str) -> str:
        command = [environment / "bin" / "designspace", *words]
        done = subprocess.run(
            command, cwd=empty, env=CLEAN, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert "28,589,128" in designspace("cost", "convnext_t")
    small = ["--recipe-set", "epochs=2", "--recipe-set", "schedule.warmup_epochs=0"]
    study = ["search", "--space", "micro", "--trials", "2", "--executor", "local", *small]
    assert "2 of 2 trials" in designspace(*study)
    assert "report.html" in designspace("report")
    assert (empty / "runs/micro-demo/report.html").is_file()

    command = [environment / "bin" / "designspace", "export", "convnext_proxy", "--format", "onnx"]
    refused = subprocess.run(
        command, cwd=empty, env=CLEAN, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert 'pip install "designspace-vision[onnx]"' in refused.stderr
    shutil.rmtree(environment)
