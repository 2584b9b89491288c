"""Parts from outside that are no mixers: decisions, leaves with a lowering, norms, entry points."""

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import designspace
from designspace.errors import InputError
from designspace.plugins import active, installed, plugin_of, use_plugin
from designspace.spec.documents.decisions import known_decisions
from tests.helpers.plugins import GATE, no_plugins, sha256, written
from tests.plugins.test_use import SMALL

PARTS = '''"""A norm, an activation and a response that are leaves, with their lowerings."""

from typing import Literal

import torch
from torch import nn

from designspace.compiler.lower import lowers
from designspace.layers.leaves.act import Act
from designspace.layers.cost import Cost
from designspace.layers.leaf import Leaf
from designspace.layers.leaves.norm import Norm
from designspace.layers.leaves.response import Response
from designspace.layers.saved_tensors import INPUT


class Scale(Norm):
    """A scale per channel, and nothing else."""

    kind: Literal["scale"] = "scale"

    def cost(self, *xs):
        return Cost(params=xs[0].channels)


class Square(Act):
    """x squared."""

    kind: Literal["square"] = "square"


class Halve(Response, Leaf):
    """Half of it."""

    kind: Literal["halve"] = "halve"

    def saved(self, *xs):
        return INPUT


class ScaleModule(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))

    def forward(self, x):
        return x * self.weight


@lowers(Scale)
def _scale(leaf, x):
    return ScaleModule((x.channels, 1, 1) if len(x.size) == 2 else (x.channels,))


@lowers(Square)
def _square(leaf, x):
    class Squared(nn.Module):
        def forward(self, x):
            return x * x

    return Squared()


@lowers(Halve)
def _halve(leaf, x):
    class Half(nn.Module):
        def forward(self, x):
            return x / 2

    return Half()
'''
DECISION = """
from designspace.spec.documents.decisions import decide

decide("gated", "a gate over a context", {"block.mixer.kind": "gate"})
"""


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    before = dict(known_decisions())
    with no_plugins():
        yield
    known_decisions().clear()
    known_decisions().update(before)


def test_leaves_with_lowerings(tmp_path: Path) -> None:
    plugin = use_plugin(written(tmp_path, PARTS, "parts.py"))
    changes = {"norm": "scale", "act": "square", "block.mixer": "pool"}
    network = designspace.load(SMALL, changes)
    model = designspace.build(network)
    assert sum(value.numel() for value in model.parameters()) == designspace.cost(network).params
    assert model(torch.zeros(3, 3, 32, 32)).shape == (3, 1000)
    assert network.authored["plugins"] == {"parts.py": plugin.sha256}


def test_a_response(tmp_path: Path) -> None:
    use_plugin(written(tmp_path, PARTS, "parts.py"))
    before = designspace.load("convnextv2_atto", {"depths": [1, 1], "widths": [8, 16]})
    after = designspace.load(before, {"block.response": "halve"})
    assert designspace.cost(after).params < designspace.cost(before).params
    assert designspace.build(after)(torch.zeros(2, 3, 64, 64)).shape == (2, 1000)


def test_a_decision_names_a_difference(tmp_path: Path) -> None:
    use_plugin(written(tmp_path, GATE + DECISION))
    a = designspace.load(SMALL, {"block.mixer": {"kind": "pool", "kernel_size": 3}})
    found = designspace.diff(a, SMALL)
    assert [decision.name for decision in found.decisions] == ["gated"]
    other = written(tmp_path, DECISION, "other.py")
    with pytest.raises(InputError, match=r"other\.py:4: .*'gated' is defined already"):
        use_plugin(other)
    file = written(tmp_path, GATE + DECISION + "# again\n")
    assert use_plugin(file).sha256 == sha256(file)
    shipped = next(iter(known_decisions()))
    with pytest.raises(InputError, match="is defined already, in the package"):
        use_plugin(written(tmp_path, DECISION.replace("gated", shipped), "third.py"))


def test_an_installed_package_is_asked_at_the_first_unknown_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "gate_kinds.py"
    package.write_text(GATE)
    info = tmp_path / "gate_kinds-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gate-kinds\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[designspace.kinds]\ngate = gate_kinds\n")
    monkeypatch.syspath_prepend(tmp_path)
    installed.load_installed.cache_clear()
    try:
        network = designspace.load(SMALL)
        (plugin,) = active().values()
        assert plugin_of(type(network.block[0].mixer)) is plugin  # pyright: ignore
        assert network.authored["plugins"] == {"gate": sha256(package)}
        assert designspace.load(network.authored).digest == network.digest
    finally:
        installed.load_installed.cache_clear()


def test_an_installed_package_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ImportError("no such thing")

    entry = SimpleNamespace(
        name="gate", module="gate_kinds", dist=SimpleNamespace(name="gate-kinds"), load=broken
    )
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: [entry])
    installed.load_installed.cache_clear()
    try:
        with pytest.raises(InputError, match="entry point 'gate' of gate-kinds cannot be imported"):
            designspace.load(SMALL)
    finally:
        installed.load_installed.cache_clear()
