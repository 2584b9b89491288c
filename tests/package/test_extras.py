"""Packages that are not installed: one line that names the extra, before anything is built."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

import designspace
from designspace.errors import InputError
from designspace.extras import EXTRAS, require_extra
from tests.helpers.command import run

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]


def test_the_project_declares_the_extras_that_the_code_names() -> None:
    declared = PROJECT["optional-dependencies"]
    assert set(declared) == {*EXTRAS, "all"}
    assert declared["all"] == [f"{PROJECT['name']}[{','.join(EXTRAS)}]"]
    for extra, modules in EXTRAS.items():
        assert tuple(re.split(r"[<>=]", need)[0] for need in declared[extra]) == modules


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_that_is_installed_is_no_error(extra: str) -> None:
    require_extra(extra, "the test")


def test_a_missing_package_is_one_line_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for module in ("onnxscript", "onnxruntime"):
        monkeypatch.setitem(sys.modules, module, None)
    ran = run("export", "convnext_proxy", "--format", "onnx")
    assert ran.code == 2
    assert ran.err == (
        "error: the format onnx needs onnxscript, onnxruntime, which are not installed; "
        'install with: pip install "designspace-vision[onnx]"\n'
    )
    with pytest.raises(InputError, match="which are not installed"):
        designspace.export("convnext_proxy", path="a.onnx")
    assert not list(tmp_path.iterdir())
