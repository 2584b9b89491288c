"""What a machine or the data do not allow is told before a study is created."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from designspace.costing import cost
from designspace.sampling.space import load_space
from designspace.sampling.task import Task
from tests.helpers.command import run

MANY = (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


@pytest.mark.parametrize("extra", [(), ("--dry-run",), ("--json",)])
def test_more_processors_than_there_are(extra: tuple[str, ...]) -> None:
    ran = run("search", "--cpus-per-trial", MANY, "--study", "s", *extra)
    assert ran.code == 2
    assert f"--cpus-per-trial: a trial asks for {MANY} CPUs, and this machine has" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not Path("s").exists()


def space(low: int, high: int) -> str:
    """A space for images of 64 pixels, with limits on multiply-adds."""
    Path("sized.yaml").write_text(
        "name: sized\nbase: {base: convnext_proxy, changes: {depths: [1, 1], widths: [4, 8], "
        "input_size: 64}}\naxes: {kernel: {path: block.spatial.kernel_size, choices: [3, 5]}}\n"
        f"limits: [{{cost: macs, low: {low}, high: {high}}}]\n"
    )
    return "sized.yaml"


def counted(size: int) -> int:
    return load_space("sized.yaml").count(task=Task(size, 1, 10))


@pytest.mark.parametrize(("size", "kind", "further"), [(28, "smallest", -4), (200, "largest", 4)])
def test_images_of_another_size_than_the_limits_are_made_for(
    size: int, kind: str, further: int
) -> None:
    base = load_space(space(0, 10**9)).base_network()
    macs = cost(base, 64, in_channels=1, num_classes=10).macs
    words = ("--space", space(macs // 2, macs * 2), "--recipe-set", f"input_size={size}")
    ran = run("search", *words, "--study", "s", "--executor", "local")
    assert ran.code == 3
    assert f"see images of {size}x{size}, and the space is made for 64x64" in ran.err
    found = re.search(rf"{kind} input that works is (\d+)x\1 \(--recipe-set input_", ran.err)
    assert found
    assert len(ran.err.splitlines()) == 1
    assert not Path("s").exists()
    side = int(found[1])
    assert counted(side)
    assert not counted(side + further)
    dry = run("search", *words[:2], "--recipe-set", f"input_size={size}", "--dry-run")
    assert f"{side}x{side}" in dry.err


@pytest.mark.slow
def test_the_convnext_space_on_the_packaged_images() -> None:
    ran = run("search", "--space", "convnext", "--study", "s", "--executor", "local")
    assert ran.code == 3
    assert "the networks see images of 28x28, and the space is made for 224x224" in ran.err
    assert "the smallest input that works is 148x148" in ran.err


def test_limits_that_no_size_meets_blame_no_data() -> None:
    Path("none.yaml").write_text(
        "name: none\nbase: {base: convnext_proxy, changes: {depths: [1, 1], widths: [4, 8]}}\n"
        "axes: {kernel: {path: block.spatial.kernel_size, choices: [3, 5]}}\n"
        "limits: [{cost: params, high: 10}]\n"
    )
    for size in (28, 32):
        words = ("--space", "none.yaml", "--recipe-set", f"input_size={size}")
        ran = run("search", *words, "--study", "s", "--executor", "local")
        assert ran.code == 3
        assert "images" not in ran.err
