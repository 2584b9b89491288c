"""Channels and reduction of the stages' maps, known before anything runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from math import isqrt

from designspace.costing import plan
from designspace.layers.feature import Feature
from designspace.spec.network.network import Network

_LARGE = 8  # an image this many times larger, so that rounding hides no stride


@dataclass(frozen=True, slots=True)
class StageInfo:
    """A stage's map, with timm's field names.

    Attributes:
        num_chs: Number of channels.
        reduction: Stride of the map's positions, in pixels of the image.
        module: Dotted name of the stage in the network.
    """

    num_chs: int
    reduction: int
    module: str

    def as_dict(self) -> dict[str, int | str]:
        """Return the fields as a dictionary, the input of timm's `FeatureInfo`."""
        return asdict(self)


def stage_info(
    network: Network, input_size: int | None = None, *, in_channels: int = 3
) -> tuple[StageInfo, ...]:
    """Return channels and reduction of each stage's map."""
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
    """Return a map's height, or the side of the tokens' square grid (a class token adds little)."""
    return output.size[0] if len(output.size) > 1 else isqrt(output.positions)
