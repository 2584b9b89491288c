"""Three counters of parameters and multiply-adds: our formulas, torch's, fvcore's."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from designspace.compiler import build
from designspace.costing import cost
from designspace.spec.network.network import Network

# Operators for which fvcore counts one per multiply-add; it counts norms and poolings, too.
_PRODUCTS = frozenset(("conv", "linear", "matmul", "mm", "bmm", "addmm", "einsum", "attention"))
_PRODUCT_WORDS = ("conv", "linear", "mm", "attention", "einsum", "dot")
_ATTENTION = "aten::scaled_dot_product_attention"


@dataclass(frozen=True, slots=True)
class Count:
    """The result of one counter.

    Attributes:
        params: Number of learnable parameters; None if the counter does not know it.
        macs: Multiply-adds for one image at the network's input size; None if not known.
        skipped: Operations with multiply-adds that the counter has no rule for.
    """

    params: int | None
    macs: int | None
    skipped: tuple[str, ...] = ()


def by_closed_form(network: Network) -> Count:
    """Count with our formulas, without a tensor."""
    table = cost(network)
    return Count(table.params, table.macs)


def by_torch(network: Network) -> Count:
    """Count the built module on the meta device with torch's `FlopCounterMode`, halved."""
    with torch.device("meta"), torch.no_grad():
        model = build(network).eval()
        with FlopCounterMode(display=False) as counter:
            model(_image(network))
    macs, odd = divmod(int(counter.get_total_flops()), 2)
    assert not odd, "torch counts two for each multiply-add"
    return Count(sum(p.numel() for p in model.parameters()), macs)


def by_fvcore(network: Network) -> Count:
    """Count convolutions, linear layers and matrix products with fvcore, from a trace on the CPU.

    The trace does not run on the meta device. fvcore has no rule for torch's fused attention; the
    rule here counts its two products. If fvcore skips any other operation that may have products,
    there is no count.
    """
    return traced(build(network).eval(), _image(network))


def traced(model: nn.Module, *inputs: torch.Tensor) -> Count:
    """Count a module on these inputs with fvcore."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # fvcore uses deprecated parts of torch
        from fvcore.nn import FlopCountAnalysis, parameter_count

        analysis: Any = FlopCountAnalysis(model, inputs)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        analysis.tracer_warnings("none").set_op_handle(_ATTENTION, _attention)
        by_operator: dict[str, float] = dict(analysis.by_operator())
        skipped = tuple(sorted(op for op in analysis.unsupported_ops() if _has_products(op)))
        params = int(parameter_count(model)[""])
    macs = sum(int(count) for name, count in by_operator.items() if name in _PRODUCTS)
    return Count(params, None if skipped else macs, skipped)


COUNTERS: dict[str, Callable[[Network], Count]] = {
    "closed form": by_closed_form,
    "torch": by_torch,
    "fvcore": by_fvcore,
}


def _image(network: Network) -> torch.Tensor:
    return torch.zeros(1, 3, network.input_size, network.input_size)


def _has_products(operation: str) -> bool:
    name = operation.partition("::")[2] or operation
    return any(word in name for word in _PRODUCT_WORDS)


def _attention(inputs: list[Any], outputs: list[Any]) -> Any:  # noqa: ARG001
    """Count queries times keys, then attention weights times values."""
    from collections import Counter

    from fvcore.nn.jit_handles import get_shape

    query, key, value = (tuple(get_shape(each) or ()) for each in inputs[:3])
    return Counter({"attention": prod(query) * key[-2] + prod(query[:-1]) * prod(value[-2:])})
