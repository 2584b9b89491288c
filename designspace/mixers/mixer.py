"""The families of mixers."""

from __future__ import annotations

from designspace.layers.feature import ShapeError
from designspace.layers.part import Composite, PartContext


class Mixer(Composite, family="mixer"):
    """A part that mixes positions. Its context has the output width and the stride."""


class ChannelMixer(Composite, family="channel_mixer"):
    """A part that mixes channels at each position. Its context has the output width."""


def keeps_stride(mixer: Mixer, at: PartContext) -> None:
    """Refuse a stride that a mixer cannot take.

    Raises:
        ShapeError: The context has a stride larger than 1.
    """
    if at.stride > 1:
        raise ShapeError(
            f"the mixer '{mixer.tag()}' cannot shrink the map by {at.stride}",
            hint="use `downsample: separate`",
        )
