"""The attributes of a network with timm's interface that its helpers use."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor, nn

from designspace.compiler.timm_interface.head import TimmHead
from designspace.spec.network.network import Network


class TimmInterface(Protocol):
    """A network with a stem, stages and a head, and timm's facts about its levels."""

    spec: Network
    head: TimmHead
    feature_info: list[dict[str, Any]]
    num_prefix_tokens: int

    def get_submodule(self, target: str, /) -> nn.Module:
        """Return a module by its dotted name."""
        ...

    def run(self, module: nn.Module, x: Tensor) -> Tensor:
        """Run a stage or a block."""
        ...

    def ends_with(self, name: str) -> bool:
        """Return whether a level is the last one of the whole network."""
        ...
