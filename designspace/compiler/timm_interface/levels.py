"""The feature levels that timm counts, so `out_indices` means the same for timm's models and ours.

timm's residual networks have one level in the stem, after its activation, and one per stage; its
networks of one stage (ViT, DeiT) have one per block; all others have one per stage.
"""

from __future__ import annotations

from designspace.blocks.conv_pool import ConvPool
from designspace.compiler.feature_info import StageInfo, stage_info
from designspace.spec.network.network import Network


def levels(network: Network, size: int | None, *, in_channels: int) -> tuple[StageInfo, ...]:
    """Return channels, reduction and module name of each level of a network, from the image on.

    Args:
        network: Specification of the network.
        size: Side of the image in pixels; None for the network's nominal size.
        in_channels: Number of channels of the image.
    """
    stages = stage_info(network, size, in_channels=in_channels)
    if len(stages) == 1:
        (stage,) = stages
        blocks = (f"{stage.module}.blocks.{index}" for index in range(network.depths[0]))
        return tuple(StageInfo(stage.num_chs, stage.reduction, name) for name in blocks)
    stem = network.stem
    if isinstance(stem, ConvPool):
        width = stem.width or network.stage_widths[0]
        return (StageInfo(width, stem.stride, "stem.act"), *stages)
    return stages


def level_count(network: Network) -> int:
    """Return the number of levels, without a plan of the network."""
    stages = len(network.depths)
    if stages == 1:
        return network.depths[0]
    return stages + isinstance(network.stem, ConvPool)
