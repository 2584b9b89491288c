"""Our count beside the counts of torch and fvcore, with differences explained by operator.

All counts are multiply-adds per image, grouped by kind of operator. For example, if fvcore counts
110 where we count 100, the differences add up to 10: `layer_norm` +10, with the reason "fvcore
counts layer_norm". We count only convolutions, linear layers and attention products.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from designspace.compiler import build
from designspace.compiler.kernels.choice import forced
from designspace.costing import CostTable, cost
from designspace.layers.leaves.attention import Attend
from designspace.layers.leaves.convolution import Conv, Linear
from designspace.layers.leaves.windows import WindowAttend
from designspace.spec.network.network import Network

_KINDS: dict[Any, str] = {
    Conv: "conv",
    Linear: "linear",
    Attend: "attention",
    WindowAttend: "attention",
}
# a batched product belongs to attention if torch has no fused kernel
_TORCH_KINDS = {"convolution": "conv", "addmm": "linear", "mm": "linear", "bmm": "attention"}
_BATCH = 2  # more than one image, to reveal errors in the batch axis
_FUSED = "scaled_dot_product_attention"


@dataclass(frozen=True, slots=True)
class Difference:
    """Multiply-adds by which another counter exceeds ours, for one kind of operator.

    Attributes:
        operator: Kind of operator, or the counter's own name for it.
        macs: Counted by the other minus counted by us, in multiply-adds; may be negative.
        reason: Reason for the difference; None if it is not known.
    """

    operator: str
    macs: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Other:
    """The result of another counter.

    Attributes:
        name: Name of the counter.
        macs: Total in multiply-adds.
        differences: Differences from our counts; they add up exactly to the difference of totals.
    """

    name: str
    macs: int
    differences: tuple[Difference, ...]

    @property
    def unexplained(self) -> int:
        """Multiply-adds of the differences without a reason."""
        return sum(each.macs for each in self.differences if each.reason is None)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Three counts of one network.

    Attributes:
        ours: Counts of our formulas.
        params: Number of learnable parameters of the built module.
        others: Counts of torch and fvcore.
    """

    ours: CostTable
    params: int
    others: tuple[Other, ...]


def compare(
    network: Network,
    input_size: int | None = None,
    *,
    in_channels: int = 3,
    num_classes: int = 1000,
) -> Comparison:
    """Count a network with torch's `FlopCounterMode` and with fvcore, and explain the differences.

    Torch counts on the meta device, fvcore in a trace on the CPU; each unmodified, on a batch of
    two images.

    Raises:
        InputError: The input is too small for the network's strides.
    """
    table = cost(network, input_size, in_channels=in_channels, num_classes=num_classes)
    ours: Counter[str] = Counter()
    for _, leaf in table.plan.leaves():
        ours[_KINDS.get(type(leaf.layer), "other")] += leaf.cost.macs
    height, width, channels = table.input.shape

    def built() -> tuple[nn.Module, torch.Tensor]:
        model = build(network, num_classes=num_classes, in_channels=channels, input_size=height)
        return model.eval(), torch.zeros(_BATCH, channels, height, width)

    with torch.device("meta"):
        model, image = built()
        by_torch = _by_torch(model, image)
    params = sum(parameter.numel() for parameter in model.parameters())
    with forced("linear"):  # gives operators the same names on every machine
        by_fvcore, skipped = _by_fvcore(*built())
    others = (_other("torch", ours, by_torch, ()), _other("fvcore", ours, by_fvcore, skipped))
    return Comparison(table, params, others)


def from_plugins(table: CostTable) -> bool:
    """Return whether a network has layers without an operator of ours, such as a plug-in's."""
    layers = [leaf.layer for _, leaf in table.plan.leaves() if leaf.cost.macs]
    return any(type(layer) not in _KINDS for layer in layers)


def _other(
    name: str, ours: Mapping[str, int], theirs: Mapping[str, int], skipped: tuple[str, ...]
) -> Other:
    differences = tuple(_differences(name, ours, theirs, skipped))
    return Other(name, sum(theirs.values()), differences)


def _differences(
    name: str, ours: Mapping[str, int], theirs: Mapping[str, int], skipped: tuple[str, ...]
) -> Iterator[Difference]:
    products = set(_KINDS.values()) | {"matmul", "other"}
    for operator in sorted(ours.keys() | theirs.keys()):
        more = theirs.get(operator, 0) - ours.get(operator, 0)
        if not more:
            continue
        reason = None
        if operator not in products:
            reason = f"{name} counts {operator}"
        elif operator == "attention" and _FUSED in skipped and operator not in theirs:
            reason = f"{name} has no rule for {_FUSED}"
        yield Difference(operator, more, reason)


def _by_torch(model: nn.Module, image: torch.Tensor) -> Counter[str]:
    """Return torch's counts per kind of operator and image; torch counts two per multiply-add."""
    found: Counter[str] = Counter()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(image)
    for operation, flops in counter.get_flop_counts().get("Global", {}).items():
        word = str(operation).removeprefix("aten.")
        kind = "attention" if "scaled_dot_product" in word else _TORCH_KINDS.get(word, word)
        macs, odd = divmod(int(flops), 2 * _BATCH)
        assert not odd, "torch counts two for each multiply-add"
        found[kind] += macs
    return found


def _by_fvcore(model: nn.Module, image: torch.Tensor) -> tuple[Counter[str], tuple[str, ...]]:
    """Return fvcore's counts per operator and image, and the operators without a rule."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # fvcore uses deprecated parts of torch
        from fvcore.nn import FlopCountAnalysis

        analysis: Any = FlopCountAnalysis(model, image)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        analysis.tracer_warnings("none")
        counts = {name: int(macs) // _BATCH for name, macs in analysis.by_operator().items()}
        skipped = tuple(op.partition("::")[2] for op in analysis.unsupported_ops())
    return Counter(counts), skipped
