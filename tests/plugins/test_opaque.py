"""Kinds without a formula: counted by torch on the meta device, and marked in every table."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import designspace
from designspace.errors import InputError
from designspace.layers.feature import Feature
from designspace.plugins import use_plugin
from tests.helpers import trainings
from tests.helpers.command import run
from tests.helpers.plugins import no_plugins, written
from tests.plugins.test_use import SMALL

OPAQUE = '''"""A gate as a torch module, and the same with formulas."""

from typing import Literal

import torch
from torch import nn

from designspace.compiler.opaque import Opaque
from designspace.layers.leaves.convolution import Conv, Linear
from designspace.mixers.mixer import Mixer


class Gating(nn.Module):
    def __init__(self, dim, kernel_size):
        super().__init__()
        self.context = nn.Conv2d(dim, dim, kernel_size, padding=kernel_size // 2, groups=dim)
        self.proj = nn.Conv2d(dim, dim, 1)

    def forward(self, x):
        return self.proj(x + self.context(x))


class Unknown(Mixer):
    """Without a formula."""

    kind: Literal["gate"] = "gate"
    kernel_size: int = 3

    def layers(self, x, at):
        return {"gating": Opaque.of(Gating, dim=at.width, kernel_size=self.kernel_size)}

    def forward(self, m, x):
        return m.gating(x)


class Known(Mixer):
    """With formulas."""

    kind: Literal["known"] = "known"
    kernel_size: int = 3

    def layers(self, x, at):
        context = Conv(at.width, self.kernel_size, groups=at.width)
        return {"context": context, "proj": Linear(at.width)}

    def forward(self, m, x):
        return m.proj(x + m.context(x))
'''


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    with no_plugins():
        yield


@pytest.fixture
def spec(tmp_path: Path) -> tuple[Path, Path]:
    file = tmp_path / "small.yaml"
    file.write_text(json.dumps(SMALL))
    return file, written(tmp_path, OPAQUE)


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_torch_counts_what_the_formulas_say(tmp_path: Path, kernel: int) -> None:
    use_plugin(written(tmp_path, OPAQUE))
    opaque, known = (
        designspace.load(SMALL, {"block.mixer": {"kind": kind, "kernel_size": kernel}})
        for kind in ("gate", "known")
    )
    ours, theirs = designspace.cost(known), designspace.cost(opaque)
    assert theirs.total == ours.total
    assert (theirs.by_torch, ours.by_torch) == (True, False)
    model = designspace.build(opaque)
    assert sum(value.numel() for value in model.parameters()) == theirs.params
    assert model(torch.zeros(3, 3, 32, 32)).shape == (3, 1000)


def test_memory_is_what_autograd_keeps(tmp_path: Path) -> None:
    use_plugin(written(tmp_path, OPAQUE))
    from designspace.costing import memory

    held = [
        memory(designspace.load(SMALL, {"block.mixer": kind}), batch_size=4).most.activations
        for kind in ("gate", "known")
    ]
    assert held[0] == held[1]


def test_every_table_of_costs_marks_it(spec: tuple[Path, Path], tmp_path: Path) -> None:
    file, plugin = spec
    for by in ("stage", "block", "layer"):
        ran = run("cost", file, "--by", by, "--plugin", plugin)
        assert ran.code == 0, ran.err
        assert "† counted by torch" in ran.out
        assert ran.out.count("†") >= 3, by
    table = json.loads(run("cost", file, "--json", "--plugin", plugin).out)
    assert [stage["counted_by_torch"] for stage in table["stages"]] == [False, True, True, False]
    space = tmp_path / "space.yaml"
    axes = {"kernel": {"path": "block.mixer.kernel_size", "choices": [1, 3]}}
    space.write_text(json.dumps({"name": "s", "base": "small.yaml", "axes": axes}))
    for words in (("space", "info", space), ("sample", space, "-n", 2)):
        ran = run(*words, "--plugin", plugin)
        assert "† counted by torch" in ran.out, ran.err
    assert "†" not in run("cost", "poolformer_s12", "--plugin", plugin).out
    assert "†" in repr(designspace.cost(designspace.load(file)))
    assert "†" in designspace.cost(designspace.load(file))._repr_html_()


def test_other_counters_agree_though_they_split_by_operator(spec: tuple[Path, Path]) -> None:
    file, plugin = spec
    ran = run("cost", file, "--check", "--plugin", plugin)
    assert ran.code == 0, ran.err
    assert "unexplained" not in ran.out
    said = "torch counts the same; its split by operator differs because of layers from plug-ins"
    assert said in ran.out


@pytest.mark.slow
def test_a_study_marks_its_trials(spec: tuple[Path, Path], tmp_path: Path) -> None:
    file, plugin = spec
    use_plugin(plugin)
    axes = {"mixer": {"path": "block.mixer", "choices": {"gate": "gate", "pool": "pool"}}}
    base = designspace.load(file, {"stem.patch_size": 2}).authored
    study = designspace.search(
        {"name": "s", "base": base, "axes": axes}, data=trainings.npz(tmp_path), trials=2,
        recipe_changes=trainings.SHORT, study=tmp_path / "study", executor="local", device="cpu",
        scheduler="none", proposer="random",
    )  # fmt: skip
    assert {t.point["mixer"]: t.trial.by_torch for t in study} == {"gate": True, "pool": False}
    meta = (tmp_path / "study" / "study.yaml").read_text()
    assert "gate.py:" in meta
    outputs = study.report()
    rows = list(csv.DictReader(outputs.csv.read_text().splitlines()))
    assert {row["axis:mixer"]: row["by_torch"] for row in rows} == {"gate": "1", "pool": "0"}
    assert "counted by torch" in outputs.html.read_text()
    assert "† counted by torch" in run("report", tmp_path / "study").out
    assert study[0].build()
    with no_plugins():
        assert "† counted by torch" in run("report", tmp_path / "study").out, "it runs nothing"


def test_a_module_that_looks_at_values_is_refused_at_its_line(tmp_path: Path) -> None:
    broken = OPAQUE.replace("return self.proj(", "assert x.sum() > 0\n        return self.proj(")
    use_plugin(written(tmp_path, broken))
    with pytest.raises(InputError, match=r"Gating cannot be counted: .*gate\.py:\d+: .*meta"):
        designspace.cost(SMALL)


def test_what_a_module_must_give() -> None:
    from torch import nn

    from designspace.compiler.opaque import Opaque

    class Two(nn.Module):
        def forward(self, x: Any) -> Any:
            return x, x

    with pytest.raises(InputError, match="Two does not return a map, tokens or a vector"):
        Opaque.of(Two).out(Feature((4, 4, 8)))
    for shape in ((4, 4, 8), (16, 8), (8,)):
        assert Opaque.of(nn.Identity).out(Feature(shape)) == Feature(shape)
    attention = Opaque.of(nn.TransformerEncoderLayer, d_model=8, nhead=2, batch_first=True)
    cost = attention.cost(Feature((16, 8)))
    assert cost.params == sum(p.numel() for p in attention.module.parameters())
    assert cost.spatial == 2 * 16 * 16 * 8
