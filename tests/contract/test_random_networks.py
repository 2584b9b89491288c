"""Random networks over every kind: our integers are those of a run of the module.

Parameters of the module, multiply-adds of torch's counter, activations of hooks, all on the meta
device.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import assume, given, seed, settings
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from designspace.compiler import build
from designspace.compiler.lowerings.attention import Attend
from designspace.compiler.lowerings.windows import WindowAttend
from designspace.costing import cost
from designspace.errors import InputError
from designspace.layers.kind import Kind
from designspace.spec import load
from designspace.spec.network.network import Network
from tests.helpers.strategies import networks, parts

CLASSES = 10


def by_run(network: Network) -> tuple[int, int, int]:
    """Parameters, multiply-adds and activations of the module, for one image."""
    acts = 0

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal acts
        acts += output.numel()
        if isinstance(module, Attend | WindowAttend):
            qkv = inputs[0]  # (batch, tokens, channels) or (batch, channels, windows, tokens)
            windows, tokens = qkv.shape[2:] if qkv.ndim == 4 else (1, qkv.shape[1])
            acts += len(qkv) * windows * tokens * tokens * module.heads

    with torch.device("meta"), torch.no_grad():
        model = build(network, num_classes=CLASSES).eval()
        for module in model.modules():
            if isinstance(module, nn.Conv2d | nn.Linear | Attend | WindowAttend):
                module.register_forward_hook(note)
        with FlopCounterMode(display=False) as counter:
            model(torch.empty(1, 3, network.input_size, network.input_size))
    macs, odd = divmod(int(counter.get_total_flops()), 2)
    assert not odd
    return sum(p.numel() for p in model.parameters()), macs, acts


def kinds_in(value: Any) -> set[type[Kind]]:
    """The kinds that stand anywhere in a network."""
    if isinstance(value, tuple):
        return set().union(*map(kinds_in, value))
    if not isinstance(value, Kind):
        return set()
    inner = (kinds_in(getattr(value, name)) for name in type(value).model_fields)
    return {type(value)}.union(*inner)


def compare(number: int) -> None:
    """So many networks, and more until every kind was met: the same ones each time."""
    met: set[type[Kind]] = set()

    def each(data: dict[str, Any]) -> None:
        network = load(data)
        try:
            table = cost(network, num_classes=CLASSES)
        except InputError:
            assume(False)
            return
        met.update(kinds_in(network))
        assert (table.params, table.macs, table.acts) == by_run(network)

    for turn in range(20):
        seed(turn)(settings(max_examples=number, database=None)(given(networks())(each)))()
        if set(parts()) <= met:
            return
    raise AssertionError(f"never drawn: {set(parts()) - met}")


def test_a_few_networks() -> None:
    compare(25)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_thousand_networks() -> None:
    compare(1000)


@pytest.mark.parametrize("name", ["convnext_t", "resnet50", "swin_t", "deit_s", "poolformer_s12"])
def test_activations_of_networks_that_ship(name: str) -> None:
    network = load(name)
    table = cost(network, num_classes=CLASSES)
    assert (table.params, table.macs, table.acts) == by_run(network)
