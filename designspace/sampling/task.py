"""The task on which networks are costed."""

from __future__ import annotations

from dataclasses import dataclass

from designspace.costing import CostTable, cost
from designspace.spec.network.network import Network


@dataclass(frozen=True, slots=True)
class Task:
    """A square image and a number of classes.

    Attributes:
        input_size: Side of the image in pixels.
        in_channels: Number of channels of the image.
        num_classes: Number of classes.
    """

    input_size: int = 224
    in_channels: int = 3
    num_classes: int = 1000

    def cost(self, network: Network) -> CostTable:
        """Return the cost of a network for this image and number of classes."""
        return cost(
            network,
            self.input_size,
            in_channels=self.in_channels,
            num_classes=self.num_classes,
        )
