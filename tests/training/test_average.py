"""The moving average has the very values of timm's, with one operation per step."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from timm.utils.model_ema import ModelEmaV3
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import designspace
from designspace.training.optimisation.average import MovingAverage
from tests.helpers.small import SIDE, small


class Counted(TorchDispatchMode):
    """How often each operation is called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.calls[func.__name__.partition(".")[0]] += 1
        return func(*args, **(kwargs or {}))


def norms() -> nn.Module:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Linear(5, 3))
    return model.to(memory_format=torch.channels_last)  # pyright: ignore


def train(model: nn.Module) -> None:
    """Change all weights and buffers, as a step does."""
    model.train()
    with torch.no_grad():
        model(torch.randn(2, 3, 5, 5))
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter))


def same(ours: nn.Module, theirs: nn.Module) -> None:
    for (name, one), (key, other) in zip(
        ours.state_dict().items(), theirs.state_dict().items(), strict=True
    ):
        assert name == key
        assert one.dtype == other.dtype
        assert one.stride() == other.stride()
        assert torch.equal(one, other), name


@given(
    decay=st.sampled_from([0.0, 0.5, 0.9, 0.9999, 1.0]),
    warmup=st.booleans(),
    first=st.integers(1, 100_000),
    steps=st.integers(1, 6),
    asked=st.sets(st.integers(0, 5)),
)
@settings(max_examples=40, deadline=None)
def test_values_are_timms_to_the_bit(
    decay: float, warmup: bool, first: int, steps: int, asked: set[int]
) -> None:
    model = norms()
    ours = MovingAverage(model, decay, warmup=warmup)
    theirs = ModelEmaV3(model, decay=decay, use_warmup=warmup)
    for step in range(steps):
        train(model)
        ours.update(step=first + step)
        theirs.update(model, step=first + step)
        assert ours.decay(first + step) == theirs.get_decay(first + step)
        if step in asked:
            same(ours.module, theirs.module)
    same(ours.module, theirs.module)
    assert not ours.module.training


def test_a_step_is_one_operation_and_counters_are_copied_at_need() -> None:
    model = designspace.build(small("regnetx_002"), num_classes=3, input_size=SIDE)
    counters = sum(name.endswith("num_batches_tracked") for name in model.state_dict())
    assert counters > 0
    average = MovingAverage(model, 0.9, warmup=False)
    with Counted() as step:
        average.update(step=2)
    assert step.calls == {"_foreach_lerp_": 1}
    with Counted() as asked:
        _ = average.module
    assert asked.calls == {"copy_": counters}


def test_it_begins_as_a_copy_and_shares_nothing() -> None:
    model = norms()
    average = MovingAverage(model, 0.9, warmup=True)
    same(average.module, model)
    before = average.module[0].weight.clone()  # pyright: ignore
    train(model)
    assert torch.equal(average.module[0].weight, before)  # pyright: ignore


@pytest.mark.parametrize("replaced", ["buffers", "parameters"])
def test_it_follows_a_model_whose_tensors_were_replaced(replaced: str) -> None:
    model = norms()
    average = MovingAverage(model, 0.5, warmup=False)
    norm = model[1]  # pyright: ignore
    if replaced == "buffers":
        norm.running_mean = torch.full((4,), 2.0)
    else:
        norm.weight = nn.Parameter(torch.full((4,), 3.0))
    average.follow(model)
    average.update(step=2)
    found = average.module[1]  # pyright: ignore
    value = found.running_mean if replaced == "buffers" else found.weight
    assert value.tolist() == [1.0 if replaced == "buffers" else 2.0] * 4
