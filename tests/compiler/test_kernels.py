"""Pointwise layers: one function by every kernel, chosen by the machine, recorded by runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

import designspace
from designspace.compiler.kernels import choice
from designspace.compiler.kernels.choice import Kernel, forced, machine_kernel
from designspace.compiler.kernels.pointwise import (
    Pointwise,
    PointwiseConv,
    TokenLinear,
    kernel_of,
    pin_kernel,
)
from designspace.errors import InputError
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.run import Run
from tests.helpers.command import run
from tests.helpers.small import SIDE, every_family, small
from tests.helpers.trainings import SHORT, tiny_data, tiny_net

KERNELS: tuple[Kernel, ...] = get_args(Kernel)
every_kernel = pytest.mark.parametrize("kernel", KERNELS)
sizes = st.integers(1, 9)


@pytest.fixture(autouse=True)
def threads() -> Any:
    """Torch's convolution is oneDNN's on several threads only."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def gradients(module: nn.Module, x: Tensor) -> list[Tensor]:
    x = x.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    y = module(x)
    y.backward(torch.linspace(-1, 1, y.numel()).view(y.shape))
    return [y, x.grad, *(p.grad for p in module.parameters())]  # type: ignore[list-item]


@settings(deadline=None, max_examples=25)
@given(sizes, sizes, sizes, sizes, sizes, st.booleans(), st.booleans())
def test_every_kernel_is_a_linear_layer_over_the_channels(
    batch: int, channels: int, out: int, height: int, width: int, bias: bool, last: bool
) -> None:
    plain, layer = nn.Linear(channels, out, bias), PointwiseConv(channels, out, bias)
    tokens = TokenLinear(channels, out, bias)
    rows = torch.randn(batch, height, width, channels)
    maps = rows.permute(0, 3, 1, 2) if last else rows.permute(0, 3, 1, 2).contiguous()
    for kernel in KERNELS:
        for module in (layer, tokens):
            module.load_state_dict(plain.state_dict())
            module.zero_grad()
        with forced(kernel), torch.no_grad():
            expected = plain(rows)
            torch.testing.assert_close(layer(maps).permute(0, 2, 3, 1), expected)
            torch.testing.assert_close(tokens(rows.flatten(1, 2)), expected.flatten(1, 2))

        with forced(kernel):
            found = [gradients(layer, maps), gradients(tokens, rows.flatten(1, 2))]
        plain_conv = nn.Conv2d(channels, out, 1, bias=bias)
        plain_conv.weight.data = plain.weight.data[:, :, None, None]
        if bias:
            plain_conv.bias.data = plain.bias.data  # type: ignore[union-attr]
        for one, other in zip(found[0], gradients(plain_conv, maps), strict=True):
            # Sums of up to hundreds of products in float32, some of which cancel.
            torch.testing.assert_close(one.flatten(), other.flatten(), rtol=1e-4, atol=1e-3)
        plain.zero_grad()
        for one, other in zip(found[1], gradients(plain, rows.flatten(1, 2)), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-3)


@every_family
def test_a_network_is_the_same_by_each_kernel(name: str) -> None:
    model = designspace.build(small(name), num_classes=5, input_size=SIDE).eval()
    assert all(p.ndim == 2 for m in model.modules() if isinstance(m, Pointwise)
               for p in [m.weight])  # fmt: skip
    x = torch.randn(2, 3, SIDE, SIDE)
    with torch.no_grad(), forced("linear"):
        expected = model(x)
    for kernel in ("convolution", "by_size"):
        with torch.no_grad(), forced(kernel):
            torch.testing.assert_close(model(x), expected, rtol=1e-3, atol=1e-4)


@every_kernel
def test_half_and_double_precision_and_autocast(kernel: Kernel) -> None:
    layer, x = PointwiseConv(4, 6), torch.randn(2, 4, 3, 5)
    with forced(kernel):
        expected = layer(x)
        with torch.autocast("cpu", torch.bfloat16):
            half = layer(x)
        assert half.dtype == torch.bfloat16
        torch.testing.assert_close(half.float(), expected, rtol=0.05, atol=0.05)
        torch.testing.assert_close(layer.double()(x.double()).float(), expected)


@every_kernel
def test_it_compiles_exports_and_maps_over_samples(kernel: Kernel) -> None:
    layer, x = PointwiseConv(4, 6), torch.randn(2, 4, 3, 5)
    with forced(kernel):
        torch.compiler.reset()
        compiled: Any = torch.compile(layer, fullgraph=True, backend="aot_eager")
        torch.testing.assert_close(compiled(x), layer(x))
        torch.testing.assert_close(torch.vmap(layer)(x[:, None])[:, 0], layer(x))
        program: Any = torch.export.export(layer, (x,))
    assert [n.target for n in program.graph.nodes if "conv2d" in str(n.target)]
    torch.testing.assert_close(program.module()(x), layer(x))


@pytest.mark.parametrize(
    ("maker", "capability", "mkl", "expected"),
    [
        ("AuthenticAMD", "AVX512", True, "by_size"),
        ("AuthenticAMD", "AVX2", True, "linear"),
        ("AuthenticAMD", "AVX512", False, "linear"),
        ("GenuineIntel", "AVX512", True, "linear"),
        ("", "DEFAULT", False, "linear"),
    ],
)
def test_the_machine_decides(
    monkeypatch: pytest.MonkeyPatch, maker: str, capability: str, mkl: bool, expected: str
) -> None:
    monkeypatch.delenv(choice.VARIABLE, raising=False)
    monkeypatch.setattr(choice, "cpu_maker", lambda: maker)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: mkl)
    assert machine_kernel() == expected


def test_a_kernel_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for kernel in KERNELS:
        monkeypatch.setenv(choice.VARIABLE, kernel)
        assert machine_kernel() == kernel
    monkeypatch.setenv(choice.VARIABLE, "fastest")
    with pytest.raises(InputError, match="unknown kernel 'fastest'"):
        machine_kernel()


@pytest.mark.slow
def test_a_wrong_name_is_one_line_on_the_command_line() -> None:
    command = [sys.executable, "-m", "designspace", "bench", "convnext_proxy"]
    environment = {**os.environ, choice.VARIABLE: "fastest"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "valid: linear, convolution, by_size" in done.stderr


def test_bench_says_which() -> None:
    narrow = ("--set", "widths=[8,8,8]", "--set", "depths=[1,1,1]")
    words = ("convnext_proxy", *narrow, "--input-size", "32", "--rounds", "1", "--json")
    for kernel in KERNELS:
        with forced(kernel):
            record = json.loads(run("bench", *words).out)
        assert record["environment"]["pointwise_kernel"] == kernel


@every_kernel
def test_a_run_resumes_to_the_bit_by_the_kernel_that_it_began_with(
    kernel: Kernel, tmp_path: Path
) -> None:
    """Also on a machine that would choose the other one."""
    other: Kernel = "linear" if kernel == "convolution" else "convolution"
    recipe = load_recipe("demo", SHORT | {"epochs": 2, "batch_size": 8})
    data = tiny_data(tmp_path)

    def made(name: str) -> Run:
        return Run(tiny_net(), recipe, data, seed=0, device="cpu", directory=tmp_path / name)

    with forced(kernel):
        whole = made("whole")
        assert kernel_of(whole.model) == kernel
        for _ in range(2):
            whole.train_epoch()
        made("cut").train_epoch()
    with forced(other):
        resumed = made("cut")
        assert kernel_of(resumed.model) == other
        assert resumed.resume() == 1
        assert kernel_of(resumed.model) == kernel_of(resumed.trained) == kernel
        resumed.train_epoch()
    for one, more in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(one, more)


def noting(function: Any, word: str, taken: list[str]) -> Any:
    def noted(*arguments: Any) -> Any:
        taken.append(word)
        return function(*arguments)

    return noted


def test_pinned_layers_keep_to_their_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    convolve, multiply = functional.conv2d, functional.linear
    monkeypatch.setattr(
        functional, "conv2d", lambda *a: taken.append("convolution") or convolve(*a)
    )
    monkeypatch.setattr(functional, "linear", lambda *a: taken.append("linear") or multiply(*a))
    layer = PointwiseConv(4, 6)
    pin_kernel(layer, "linear")
    with forced("convolution"):
        layer(torch.randn(1, 4, 2, 2))
    pin_kernel(layer, "convolution")
    with forced("linear"):
        layer(torch.randn(1, 4, 2, 2))
    assert taken == ["linear", "convolution"]


@pytest.mark.parametrize(
    ("shape", "threads", "expected"),
    [
        ((64, 256, 1, 1), 2, (16, 256, 1, 4)),
        ((64, 256, 1, 1), 1, (16, 256, 1, 4)),
        ((1, 256, 8, 16), 1, (16, 256, 1, 8)),
        ((1, 256, 1, 67), 2, (1, 256, 1, 67)),
        ((1, 256, 1, 67), 1, None),  # which torch would not hand to oneDNN
        ((1, 256, 7, 7), 2, None),  # too few rows
        ((64, 8, 8, 8), 2, None),  # too few products
    ],
)
def test_large_layers_convolve_flat_images(
    monkeypatch: pytest.MonkeyPatch,
    shape: tuple[int, ...],
    threads: int,
    expected: tuple[int, ...] | None,
) -> None:
    taken: list[Any] = []
    convolve = functional.conv2d
    monkeypatch.setattr(
        functional, "conv2d", lambda *a: taken.append(tuple(a[0].shape)) or convolve(*a)
    )
    torch.set_num_threads(threads)
    layer, x = PointwiseConv(shape[1], 1024 if shape[1] > 8 else 32), torch.randn(shape)
    with forced("by_size"):
        found = layer(x)
    assert taken == ([] if expected is None else [expected])
    with forced("linear"):
        torch.testing.assert_close(found, layer(x), rtol=1e-4, atol=1e-4)


class Packed(Tensor):
    """A weight that knows `linear` alone, as quantised weights do."""

    def __tensor_flatten__(self) -> tuple[list[str], None]:
        return [], None

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:  # fmt: skip
        if func in (Tensor.__getitem__, functional.conv2d):
            raise NotImplementedError(func)
        return super().__torch_function__(func, types, args, kwargs or {})


def test_weights_of_other_kinds_are_never_viewed_as_kernels() -> None:
    maps, tokens = PointwiseConv(4, 6), TokenLinear(4, 6)
    x = torch.randn(2, 4, 3, 5)
    with forced("convolution"), torch.no_grad():
        expected = [maps(x), tokens(x.flatten(2).mT)]
        for layer in (maps, tokens):
            layer.weight = nn.Parameter(layer.weight.detach().as_subclass(Packed))
        for one, other in zip([maps(x), tokens(x.flatten(2).mT)], expected, strict=True):
            torch.testing.assert_close(one.as_subclass(Tensor), other)
