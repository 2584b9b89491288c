"""Build the module of a network from its run on shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, cast, overload

from torch import Tensor, nn

import designspace.compiler.lowerings  # noqa: F401  # pyright: ignore[reportUnusedImport]
from designspace.blocks.families import Block, Head, Stem
from designspace.compiler.feature_info import stage_info
from designspace.compiler.features import Features
from designspace.compiler.kernels.in_place import let_overwrite
from designspace.compiler.lower import lower
from designspace.compiler.modules import NoWeightDecay, channels_last
from designspace.costing import plan_of
from designspace.errors import InputError
from designspace.layers.feature import Feature
from designspace.layers.leaf import Leaf
from designspace.layers.part import BoundPart, Composite
from designspace.layers.trace import Node, PlanReading
from designspace.layers.walk import walk
from designspace.naming import task_of
from designspace.spec.network.load import Source
from designspace.spec.network.network import Network
from designspace.spec.network.stage import Stage

CLASSIFIER = "head.classifier"  # the name of a network's last layer


class PartModule(nn.Module):
    """A part's layers as children, joined by the part's own `forward`.

    Attributes:
        part: Specification that this module was built from.
    """

    def __init__(self, part: Composite, children: dict[str, nn.Module]) -> None:
        super().__init__()
        self.part = part
        for name, child in children.items():
            self.add_module(name, child)

    def forward(self, *xs: Tensor) -> Tensor:
        """Run on maps (batch, channels, height, width) or tokens (batch, tokens, channels)."""
        return self.part.forward(cast("Any", self), *xs)

    def extra_repr(self) -> str:
        """Return the part's name, for print."""
        return type(self.part).__name__


class StemModule(PartModule):
    """A stem. This class and the next three serve policies that wrap by class, such as FSDP's."""


class StageModule(PartModule):
    """A stage."""


class BlockModule(PartModule):
    """A block."""


class HeadModule(PartModule):
    """A head."""


_CLASSES: tuple[tuple[type[Composite], type[PartModule]], ...] = (
    (Stem, StemModule),
    (Stage, StageModule),
    (Block, BlockModule),
    (Head, HeadModule),
)


def _class_of(part: Composite) -> type[PartModule]:
    return next((module for kind, module in _CLASSES if isinstance(part, kind)), PartModule)


class BuiltNetwork(nn.Module):
    """A network on images (batch, channels, height, width).

    Maps keep this order of axes from stem to head, and are channels-last in memory.

    Attributes:
        spec: Specification of the network.
        stem: Stem, one of the three children of the network with `stages` and `head`.
    """

    def __init__(self, spec: Network, body: PartModule) -> None:
        super().__init__()
        self.spec = spec
        self.stem, self.stages, self.head = body.stem, body.stages, body.head

    _no_split_modules = (BlockModule.__name__,)  # accelerate keeps these on one device

    def forward(self, x: Tensor) -> Tensor:
        """Map images (batch, channels, height, width) to logits (batch, num_classes)."""
        return self.spec.forward(cast("Any", self), channels_last(x))

    def __prepare_scriptable__(self) -> nn.Module:
        """Refuse TorchScript with a readable error; torch calls this method first.

        Raises:
            InputError: Always.
        """
        raise InputError(
            "TorchScript, which torch has deprecated, is not supported",
            hint="use torch.export or torch.compile, or `designspace export`",
        )

    def no_weight_decay(self) -> set[str]:
        """Return the names of parameters without weight decay, vectors aside; timm calls this."""
        modules = self.named_modules()
        return {
            f"{name}.{parameter}"
            for name, module in modules
            if isinstance(module, NoWeightDecay)
            for parameter, _ in module.named_parameters(recurse=False)
        }


@overload
def build(
    spec: Source,
    *,
    num_classes: int | None = None,
    in_channels: int | None = None,
    input_size: int | None = None,
    features_only: Literal[False] = False,
) -> BuiltNetwork: ...
@overload
def build(
    spec: Source,
    *,
    in_channels: int | None = None,
    input_size: int | None = None,
    features_only: Literal[True],
    out_indices: Sequence[int] | None = None,
) -> Features: ...
def build(
    spec: Source,
    *,
    num_classes: int | None = None,
    in_channels: int | None = None,
    input_size: int | None = None,
    features_only: bool = False,
    out_indices: Sequence[int] | None = None,
) -> BuiltNetwork | Features:
    """Build the torch module of a network, with torch's own initial weights.

    Args:
        spec: Any name of a network (see `designspace.load`), plain data or a network. If the name
            stands for trained weights, the module gets only their shapes; `load_weights` takes the
            same name.
        num_classes: Number of classes (default: as the named network was trained, else 1000).
        in_channels: Channels of the image (default: as trained, else 3).
        input_size: Side of the image in pixels, for parts that depend on it (default: as trained,
            else the network's nominal size).
        features_only: Whether to leave the head out and return the stages' maps.
        out_indices: Indices of the stages whose maps are returned, from 0; negative ones count from
            the last (default: all).

    Raises:
        InputError: The specification is wrong, the input is too small for its strides, or there is
            no such stage.
    """
    task = task_of(spec, num_classes, in_channels, input_size)
    network, node = task.network, plan_of(task)
    body = body_of(node)
    if features_only:
        info = stage_info(network, task.input_size, in_channels=task.in_channels)
        stem, stages = body.get_submodule("stem"), body.get_submodule("stages")
        return Features(network, stem, stages, info, out_indices)
    return BuiltNetwork(network, body)


def body_of(node: Node) -> PartModule:
    """Return the module of a network's whole plan, with `stem`, `stages` and `head`."""
    body = module_of(node)
    assert isinstance(body, PartModule)
    return body


def module_of(node: Node) -> nn.Module:
    """Return the module of a node; the modules of its children are built first."""
    return walk(_Building(), node, node.inputs).module


class _Built(NamedTuple):
    """A module and its output feature."""

    module: nn.Module
    output: Feature


class _Building(PlanReading[Feature, _Built]):
    """The run on shapes that builds the modules."""

    def leaf(self, tree: Node, xs: tuple[Feature, ...]) -> _Built:
        """Lower a leaf for its first input feature."""
        assert isinstance(tree.layer, Leaf)
        return _Built(lower(tree.layer, xs[0]), tree.output)

    def join(
        self,
        tree: Node,
        xs: tuple[Feature, ...],  # noqa: ARG002
        output: Feature,
        results: Mapping[str, _Built],
    ) -> _Built:
        """Join the modules of the children into one."""
        children = {name: built.module for name, built in results.items()}
        layer = tree.layer
        made = _class_of(layer.part)(layer.part, children) if isinstance(layer, BoundPart) else None
        module = made or _chain(children)
        let_overwrite(tree, module)
        return _Built(module, output)

    def value(self, result: _Built) -> Feature:
        """Return the output feature."""
        return result.output


def _chain(children: dict[str, nn.Module]) -> nn.Sequential:
    chain = nn.Sequential()
    for name, child in children.items():
        chain.add_module(name, child)
    return chain
