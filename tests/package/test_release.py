"""What is said of the project in several files agrees."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

import designspace

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text())
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_versions_agree() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"] == designspace.__version__
    assert citation["license"] == PROJECT["license"]
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_workflow_runs_targets_of_the_makefile_on_the_declared_versions_of_python() -> None:
    runs = {step["run"] for job in WORKFLOW["jobs"].values() for step in job["steps"]
            if "run" in step}  # fmt: skip
    assert runs == {"make check", "make test", "make slow", "make examples", "make lowest"}
    assert {run.removeprefix("make ") for run in runs} <= TARGETS
    prefix = "Programming Language :: Python :: 3."
    declared = [f"3.{line.removeprefix(prefix)}" for line in PROJECT["classifiers"]
                if line.startswith(prefix)]  # fmt: skip
    assert WORKFLOW["jobs"]["test"]["strategy"]["matrix"]["python"] == declared
    assert PROJECT["requires-python"] == f">={declared[0]}"


def test_every_target_that_the_guide_names_exists() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert {"check", "test", "slow", "gpu"} <= set(re.findall(r"`make ([a-z]+)`", guide)) <= TARGETS


def test_every_file_that_the_guide_names_exists() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    names = set(re.findall(r"`((?:designspace|tests|specs|search)/[\w./]+)`", guide))
    assert len(names) > 5
    assert all((ROOT / name).exists() for name in names)
