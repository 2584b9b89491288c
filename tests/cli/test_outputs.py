"""What is written where: links stay links, devices stay devices, a spreadsheet runs nothing."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designspace.records.measured.csv_text import csv_text, neutral, plain
from designspace.spec.documents.document import write_text_atomic
from tests.helpers.command import run


def test_a_link_is_followed(tmp_path: Path) -> None:
    link, real = tmp_path / "link.safetensors", tmp_path / "deep" / "real.safetensors"
    link.symlink_to(real)
    assert run("build", "convnext_proxy", "--out", link).code == 0
    assert link.is_symlink()
    assert real.is_file()
    write_text_atomic(link, "anew")
    assert link.is_symlink()
    assert real.read_text() == "anew"


@pytest.mark.parametrize("kind", ["device", "pipe", "folder", "circle", "in a file"])
def test_a_place_that_is_no_file_is_refused_and_stays(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "there.safetensors"
    if kind == "device":
        place.symlink_to(os.devnull)
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    elif kind == "circle":
        place.symlink_to(place)
    else:
        place.write_text("")
        place /= "weights.safetensors"
    ran = run("build", "convnext_proxy", "--out", place)
    assert ran.code == 2, ran.err
    assert "cannot be written" in ran.err
    assert ran.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["there.safetensors"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", [["cost", "convnext_t"], ["cost", "convnext_t", "--json"], []])
def test_a_full_disk_behind_standard_output_is_one_line(words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "designspace", *words]
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr == "error: standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd", "-cmd", "@SUM(A1)", "\t=1", "\r=1", " =1", "\r\n@x"]
)
def test_a_formula_is_text(text: str) -> None:
    table = csv_text(["name", text], [[text, 1.5]])
    rows = list(csv.reader(io.StringIO(table, newline="")))
    assert len(rows) == 2
    assert rows[0][1].startswith("'")
    assert rows[1][0].startswith("'")
    assert rows[1][1] == "1.5"


@pytest.mark.parametrize("number", ["-1", "+2.5", "-1e-3", "-inf"])
def test_a_number_stays_a_number(number: str) -> None:
    assert neutral(number) == number


@given(st.text(max_size=8) | st.text("=+-@'\t1e.", max_size=5))
def test_neutral_text_comes_back(text: str) -> None:
    safe = neutral(text)
    assert safe[:1] not in tuple("=+-@") or float(safe) is not None
    if not text.startswith("'"):
        assert plain(safe) == text
