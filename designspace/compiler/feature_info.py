"""What is known of the stages' maps before anything runs: channels and reduction."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from math import isqrt

from designspace.costing import plan
from designspace.layers.feature import Feature
from designspace.spec.network.network import Network

_LARGE = 8  # an image so many times larger rounds no stride away


@dataclass(frozen=True, slots=True)
class StageInfo:
    """A stage's map, in timm's words.

    Attributes:
        num_chs: Its channels.
        reduction: The stride of its positions in pixels of the image.
        module: The stage's dotted name in the network.
    """

    num_chs: int
    reduction: int
    module: str

    def as_dict(self) -> dict[str, int | str]:
        """What timm's `FeatureInfo` is made of."""
        return asdict(self)


def stage_info(
    network: Network, input_size: int | None = None, *, in_channels: int = 3
) -> tuple[StageInfo, ...]:
    """Channels and reduction of each stage's map."""
    size = _LARGE * (input_size or network.input_size)
    node = plan(network, size, in_channels=in_channels)
    outputs = [child.output for child in node.children["stages"].children.values()]
    sides = [size, *(_side(output) for output in outputs)]
    reduction, infos = 1, list[StageInfo]()
    for index, (before, after) in enumerate(pairwise(sides)):
        reduction *= round(before / after)
        infos.append(StageInfo(outputs[index].channels, reduction, f"stages.{index}"))
    return tuple(infos)


def _side(output: Feature) -> int:
    """Height of a map; of tokens, the side of their square grid, for a class token adds little."""
    return output.size[0] if len(output.size) > 1 else isqrt(output.positions)
