"""The memory of a training step, against what torch holds on fake tensors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from designspace.costing import memory
from designspace.costing.memory_reading import SINGLE
from designspace.errors import InputError
from designspace.layers.saved_tensors import Precision
from designspace.spec import load
from designspace.verification.memory import peak_bytes, saved_bytes
from tests.helpers.command import run
from tests.helpers.strategies import networks

BATCH, CLASSES = 4, 1000
# small relatives of the families, 64 pixels
SMALL: dict[str, dict[str, Any]] = {
    "convnext_t": {},
    "convnextv2_atto": {},
    "resnet50": {},
    "resnext50_32x4d": {},
    "swin_t": {"block.mixer.window": 4},
    "deit_s": {},
    "poolformer_s12": {},
}


def small(name: str) -> Any:
    stages = len(load(name).depths)
    depths = {"depths": [2] * stages, "input_size": 64}
    return load(name, depths | SMALL[name])


def activations(network: Any, precision: Precision) -> int:
    """Ours without the loss, which is no part of the network."""
    held = memory(network, batch_size=BATCH, precision=precision)
    return held.most.activations - SINGLE * BATCH * CLASSES


@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("name", SMALL)
def test_activations_are_what_autograd_keeps(name: str, precision: Precision) -> None:
    network = small(name)
    theirs = saved_bytes(network, BATCH, precision)
    assert activations(network, precision) == pytest.approx(theirs, rel=0.01)


def test_activations_of_plain_convolution_nets_are_exact() -> None:
    for name in ("convnext_t", "resnet50", "poolformer_s12", "convnextv2_atto"):
        network = small(name)
        assert activations(network, "float32") == saved_bytes(network, BATCH, "float32")


@pytest.mark.parametrize("name", SMALL)
def test_the_peak_is_near_what_is_alive_at_once(name: str) -> None:
    network = small(name)
    ours = memory(network, batch_size=BATCH).peak
    assert ours == pytest.approx(peak_bytes(network, BATCH), rel=0.06)


def test_what_is_held_adds_up() -> None:
    held = memory("convnext_t", batch_size=64)
    params = 28_589_128
    assert held.most.parameters == held.most.gradients == 4 * params
    assert held.most.optimizer == 8 * params
    at_peak = held.at_peak
    assert held.peak == (
        at_peak.parameters
        + at_peak.gradients
        + at_peak.optimizer
        + at_peak.activations
        + at_peak.workspace
    )


def test_the_optimizer_is_the_peak_of_a_small_batch() -> None:
    assert memory("convnext_proxy", 32, batch_size=1).at_peak.activations == 0
    assert memory("convnext_t", batch_size=64).at_peak.activations > 0


def test_memory_grows_with_the_batch_and_shrinks_with_the_precision() -> None:
    one, two = (memory("resnet50", batch_size=size).most.activations for size in (32, 64))
    assert 1.99 < two / one < 2
    half = memory("resnet50", batch_size=64, precision="bf16").most
    assert half.activations < 0.6 * two
    assert half.optimizer == memory("resnet50", batch_size=64).most.optimizer


@given(networks())
def test_any_network_has_an_estimate(data: dict[str, Any]) -> None:
    try:
        held = memory(data, batch_size=2)
    except InputError:
        return
    half = memory(data, batch_size=2, precision="bf16")
    assert held.most.activations > 0
    assert held.peak >= 5 * held.most.parameters  # the optimizer's step
    assert half.most.parameters == held.most.parameters


def test_memory_on_the_command_line() -> None:
    said = json.loads(run("cost", "convnext_t", "--batch-size", 64, "--json").out)["memory"]
    assert said["peak_bytes"] == sum(said["at_peak_bytes"].values())
    assert said["peak_bytes"] == memory("convnext_t", batch_size=64).peak
    shown = run("cost", "convnext_t", "--batch-size", 64, "--precision", "bf16").out
    assert "optimizer" in shown
    assert "bf16" in shown


def test_precision_alone_is_refused() -> None:
    ran = run("cost", "convnext_t", "--precision", "bf16")
    assert ran.code == 2
    assert "--batch-size" in ran.err
