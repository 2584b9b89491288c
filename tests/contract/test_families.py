"""Every family at small depth: forward, backward, compiled whole, exported, copied, pickled."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch

import designspace
from tests.helpers.small import SIDE, every_family, families, small


def built(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return designspace.build(small(name), num_classes=5, input_size=SIDE)


@every_family
def test_trains_a_step_copies_and_pickles(name: str) -> None:
    model, x = built(name), torch.randn(2, 3, SIDE, SIDE)
    model(x).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    model.eval()
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        torch.testing.assert_close(twin(x), model(x), rtol=0, atol=0)


@every_family
def test_gradients_have_the_strides_of_their_weights(name: str) -> None:
    """DDP copies each gradient that lies otherwise into its buckets, and warns of it.

    Torch itself gives gradients of 1x1 kernels other strides, which are the same places.
    """
    for layout in (torch.channels_last, torch.contiguous_format):
        model, x = built(name), torch.randn(2, 3, SIDE, SIDE)
        model.to(memory_format=layout)  # pyright: ignore[reportCallIssue]
        model(x.contiguous(memory_format=layout)).square().sum().backward()
        wrong = [
            parameter
            for parameter, value in model.named_parameters()
            if value.shape[2:] != (1, 1)
            and (value.grad is None or value.grad.stride() != value.stride())
        ]
        assert wrong == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name.startswith("swin") else [])
        for name in families()
    ],
)
def test_compiles_whole_and_exports(name: str) -> None:
    model, x = built(name).eval(), torch.randn(2, 3, SIDE, SIDE)
    torch.compiler.reset()
    compiled: Any = torch.compile(model, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), model(x))
    program: Any = torch.export.export(model, (x,))
    torch.testing.assert_close(program.module()(x), model(x))
