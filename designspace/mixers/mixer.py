"""The family of token mixers."""

from __future__ import annotations

from designspace.layers.part import Part


class Mixer(Part, family="mixer"):
    """A part that mixes positions. Its place gives the width and the stride of what it returns."""
