"""The quick norm over positions is torch's, its gradient included."""

from __future__ import annotations

import pytest
import torch

from designspace.compiler.kernels.response import MapResponseNorm, norm_of


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_it_is_torchs_norm(dtype: torch.dtype) -> None:
    x = torch.randn(3, 4, 5, 6).to(dtype).requires_grad_()
    twin = x.detach().clone().requires_grad_()
    found, expected = norm_of(x), torch.linalg.vector_norm(twin, dim=(1, 2), keepdim=True)
    grad = torch.randn(3, 1, 1, 6).to(dtype)
    found.backward(grad)
    expected.backward(grad)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(x.grad, twin.grad)
    with torch.inference_mode():
        torch.testing.assert_close(norm_of(x), expected)


def test_a_channel_of_zeros_has_a_gradient_of_zero() -> None:
    x = torch.randn(2, 3, 3, 4)
    x[..., 1] = 0
    x.requires_grad_()
    norm_of(x).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    assert not x.grad[..., 1].any()


def test_gradients_of_both_orders() -> None:
    x = torch.randn(2, 3, 3, 2, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(norm_of, x)
    assert torch.autograd.gradgradcheck(norm_of, x)


def test_it_is_the_same_with_and_without_gradients() -> None:
    layer, x = MapResponseNorm(4, 1e-6), torch.randn(2, 4, 3, 3)
    for parameter in layer.parameters():
        parameter.data.normal_()
    with torch.no_grad():
        expected = layer(x)
    torch.testing.assert_close(layer(x), expected)
