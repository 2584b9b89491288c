"""The quick gradient of a depthwise kernel is torch's own."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import designspace
from designspace.compiler.kernels.depthwise import DepthwiseConv, within_reach


def pair(channels: int, side: int, bias: bool) -> tuple[nn.Module, nn.Module]:
    arguments: Any = (channels, channels, side, 1, side // 2)
    quick = DepthwiseConv(*arguments, groups=channels, bias=bias).double()
    plain = nn.Conv2d(*arguments, groups=channels, bias=bias).double()
    plain.load_state_dict(quick.state_dict())
    return quick, plain


def gradients(module: nn.Module, x: Tensor) -> list[Tensor]:
    x = x.clone().requires_grad_()
    y = module(x)
    y.backward(torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view_as(y))
    assert x.grad is not None
    return [y.detach(), x.grad, *(p.grad for p in module.parameters() if p.grad is not None)]


@settings(deadline=None, max_examples=30)
@given(
    st.integers(1, 3), st.integers(1, 5), st.sampled_from([3, 5, 7, 9]),
    st.integers(1, 9), st.integers(1, 9), st.booleans(),
)  # fmt: skip
def test_the_gradients_are_torchs(
    batch: int, channels: int, side: int, height: int, width: int, bias: bool
) -> None:
    quick, plain = pair(channels, side, bias)
    x = torch.randn(batch, channels, height, width, dtype=torch.double)
    ours, theirs = gradients(quick, x), gradients(plain, x)
    assert len(ours) == len(theirs) == 3 + bias
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (2, 2), (3, 1), (4, 4)])
def test_small_maps_meet_the_middle_of_the_kernel_only(
    size: tuple[int, int], training: bool
) -> None:
    quick, plain = pair(3, 7, bias=True)
    quick.train(training)
    middle = within_reach(quick.get_parameter("weight"), size)
    assert tuple(middle.shape[2:]) == tuple(min(2 * side - 1, 7) for side in size)
    x = torch.randn(2, 3, *size, dtype=torch.double)
    for mine, other in zip(gradients(quick, x), gradients(plain, x), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-10, atol=1e-10)


def test_a_gradient_of_gradients_is_torchs() -> None:
    quick, plain = pair(2, 3, bias=True)
    x = torch.randn(1, 2, 3, 3, dtype=torch.double)
    found: list[tuple[Tensor, ...]] = []
    for module in (quick, plain):
        wanted = list(module.parameters())
        first = torch.autograd.grad(module(x).pow(2).sum(), wanted, create_graph=True)
        found.append(torch.autograd.grad(torch.cat([g.flatten() for g in first]).norm(), wanted))
    for mine, other in zip(*found, strict=True):
        torch.testing.assert_close(mine, other)


@pytest.mark.parametrize(("kernel_size", "stride", "quick"), [(7, 1, True), (7, 2, False)])
def test_only_what_keeps_the_map_takes_the_quick_way(
    kernel_size: int, stride: int, quick: bool
) -> None:
    block = {"kind": "conv", "spatial": {"kind": "conv", "kernel_size": kernel_size}}
    change = {"block": block, "downsample": "in_block" if stride == 2 else "separate"}
    model = designspace.build(designspace.load("convnext_proxy", change))
    first = model.get_submodule("stages.1.blocks.0.branch.spatial.conv")
    assert isinstance(first, DepthwiseConv) == quick
    assert isinstance(first, nn.Conv2d)


def test_a_frozen_kernel_and_a_first_map_want_nothing() -> None:
    quick, plain = pair(3, 5, bias=True)
    for module in (quick, plain):
        module.get_parameter("weight").requires_grad_(False)
        module(torch.ones(1, 3, 4, 4, dtype=torch.double)).sum().backward()
    assert quick.get_parameter("weight").grad is None
    assert torch.equal(quick.get_parameter("bias").grad, plain.get_parameter("bias").grad)  # type: ignore[arg-type]


def test_compiled_whole_it_trains_alike() -> None:
    model = designspace.build("convnext_proxy", num_classes=3, in_channels=1)
    twin = copy.deepcopy(model)
    compiled: Any = torch.compile(twin, fullgraph=True, backend="aot_eager")
    x = torch.randn(2, 1, 28, 28)
    model(x).square().sum().backward()
    compiled(x).square().sum().backward()
    for (name, mine), other in zip(model.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-3, atol=1e-4, msg=name)
