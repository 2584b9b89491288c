"""Opaque leaves: a user's own torch module in a kind, without a cost formula.

A leaf of the package gives its output shape and its cost in closed form. A module from elsewhere
cannot, so `Opaque` runs it once on the meta device, where tensors have shapes and no values. It
counts the work of torch: parameters, the multiply-adds of convolutions and matrix products, their
outputs, and the tensors that autograd keeps. Every table marks these counts with a dagger.

Example, in a plug-in:

    class Focal(Mixer):
        kind: Literal["focal"] = "focal"
        levels: int = 2

        def layers(self, x, at):
            return {"focal": Opaque.of(FocalModulation, dim=at.width, levels=self.levels)}

        def forward(self, m, x):
            return m.focal(x)

The module takes maps (batch, channels, height, width), tokens (batch, tokens, channels) or vectors
(batch, channels), like torch's modules. Its results must not depend on the other images of a batch,
except through the statistics of norms.
"""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from designspace.compiler.lower import lowers
from designspace.layers.cost import Cost
from designspace.layers.feature import Feature
from designspace.layers.leaf import MAP, TOKENS, CountedBy, Leaf, ShapeError
from designspace.layers.saved_tensors import Autocast, Saved
from designspace.plugins import blamed

_BATCH = 2  # batch norm does not accept a single vector
_MIXING = ("bmm", "baddbmm", "attention")  # products over positions


@dataclass(frozen=True, slots=True)
class Opaque(Leaf):
    """A torch module of the user's own, counted by torch on the meta device.

    Attributes:
        make: Class of the module, or a function that makes it.
        settings: Keyword arguments of the module, as pairs; their values must be hashable.
    """

    make: Callable[..., nn.Module]
    settings: tuple[tuple[str, Any], ...] = ()
    counted_by: ClassVar[CountedBy] = "torch"
    autocast: ClassVar[Autocast] = "half"

    @staticmethod
    def of(make: Callable[..., nn.Module], **settings: Any) -> Opaque:
        """Return the leaf of a module, given its class and keyword arguments."""
        return Opaque(make, tuple(settings.items()))

    @classmethod
    def cases(cls) -> list[tuple[Opaque, tuple[Feature, ...]]]:
        """Return two cases: a convolution on a map and a linear layer on tokens."""
        conv = cls.of(nn.Conv2d, in_channels=32, out_channels=8, kernel_size=3)
        linear = cls.of(nn.Linear, in_features=32, out_features=8)
        return [(conv, (MAP,)), (linear, (TOKENS,))]

    @property
    def module(self) -> nn.Module:
        """A newly made module."""
        return self.make(**dict(self.settings))

    def out(self, *xs: Feature) -> Feature:
        """Return the output feature of the module.

        Raises:
            ShapeError: It fails on these shapes; the message names the line and quotes the error.
        """
        return _counted(self, xs).output

    def cost(self, *xs: Feature) -> Cost:
        """Return the cost that torch counts, for one image."""
        return _counted(self, xs).cost

    def saved(self, *xs: Feature) -> Saved:
        """Return the tensors that autograd keeps, for one image."""
        return _counted(self, xs).saved


@lowers(Opaque)
def _opaque(leaf: Opaque, x: Feature) -> nn.Module:  # noqa: ARG001
    return leaf.module


@dataclass(frozen=True, slots=True)
class _Counted:
    """The results of one run on the meta device."""

    output: Feature
    cost: Cost
    saved: Saved


@lru_cache(maxsize=4096)
def _counted(leaf: Opaque, xs: tuple[Feature, ...]) -> _Counted:
    name = getattr(leaf.make, "__name__", "the module")
    counter, kept = _Counter(), list[Tensor]()
    try:
        with torch.device("meta"):
            module = leaf.module.train()
            inputs = [torch.empty(_tensor_shape(x), requires_grad=True) for x in xs]
            hooks = torch.autograd.graph.saved_tensors_hooks(_keeping(kept), lambda tensor: tensor)
            with hooks, counter:
                output = module(*inputs)
    except Exception as error:  # the user's module may raise anything
        where = blamed(error)
        said = " ".join(str(error).split())
        raise ShapeError(
            f"{name} cannot be counted: {f'{where}: ' if where else ''}{said}",
            hint="it must run on torch's meta device, without looking at values",
        ) from error
    feature = _feature(output, name)
    counts = (counter.macs, counter.acts, counter.spatial)
    macs, acts, spatial = (count // _BATCH for count in counts)
    params = sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
    return _Counted(
        feature, Cost(params, macs, acts, spatial), _saved(kept, module, inputs, output)
    )


class _Counter(TorchDispatchMode):
    """A counter of the multiply-adds and outputs of operations for which torch has a rule."""

    def __init__(self) -> None:
        super().__init__()
        self.macs = self.acts = self.spatial = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        rule = flop_registry.get(func._overloadpacket)
        if rule is None:
            with self:
                parts = func.decompose(*args, **kwargs)
            return parts if parts is not NotImplemented else func(*args, **kwargs)
        out = func(*args, **kwargs)
        macs = int(rule(*args, **kwargs, out_val=out)) // 2  # torch counts two per multiply-add
        first = cast("Tensor", out[0] if isinstance(out, tuple) else out)
        self.macs += macs
        self.acts += first.numel()
        self.spatial += macs if _mixes(str(func), args) else 0
        return out


def _mixes(name: str, args: Sequence[Any]) -> bool:
    """Return whether an operation mixes positions: a batched product, or a kernel above 1x1."""
    if "convolution" in name:
        return any(side > 1 for side in args[1].shape[2:])
    return any(word in name for word in _MIXING)


def _keeping(kept: list[Tensor]) -> Callable[[Tensor], Tensor]:
    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    return keep


def _saved(
    kept: Sequence[Tensor], module: nn.Module, inputs: Sequence[Tensor], output: Tensor
) -> Saved:
    """Count the kept tensors once per storage, without parameters, which are held anyway."""
    sizes = {_memory(tensor): tensor.numel() for tensor in kept}
    for parameter in module.parameters():
        sizes.pop(_memory(parameter), None)
    first = sizes.pop(_memory(inputs[0]), None)
    last = sizes.pop(_memory(output), None)
    working = sum(sizes.values()) // _BATCH
    return Saved(input=first is not None, output=last is not None, working=working)


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata  # pyright: ignore[reportPrivateUsage]


def _tensor_shape(x: Feature) -> tuple[int, ...]:
    """Return the shape of a batch in torch, where maps have their channels at axis 1."""
    if len(x.size) == 2:
        return (_BATCH, x.channels, *x.size)
    return (_BATCH, *x.shape)


def _feature(output: object, name: str) -> Feature:
    if not isinstance(output, Tensor) or not 2 <= output.ndim <= 4 or len(output) != _BATCH:
        raise ShapeError(
            f"{name} does not return a map, tokens or a vector with the batch in dimension 0",
            hint="return one tensor of 2 to 4 axes",
        )
    shape = tuple(output.shape[1:])
    return Feature((*shape[1:], shape[0]) if len(shape) == 3 else shape)
