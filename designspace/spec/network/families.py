"""All families and their kinds."""

from __future__ import annotations

from designspace.blocks.families import Block, Downsample, Head, Shortcut, Stem
from designspace.layers.kind import Kind
from designspace.layers.leaves.act import Act
from designspace.layers.leaves.norm import Norm
from designspace.layers.leaves.response import Response
from designspace.mixers.mixer import ChannelMixer, Mixer

FAMILIES: tuple[type[Kind], ...] = (
    *(Stem, Block, Mixer, ChannelMixer, Shortcut, Downsample, Head),
    *(Norm, Act, Response),
)


def families() -> dict[str, dict[str, type[Kind]]]:
    """Return each family's kinds by tag, by the name of the family."""
    return {family.family_name: family.registry for family in FAMILIES}
