"""Stem and stages as one chain of modules on (batch, channels, height, width).

Torchvision's `IntermediateLayerGetter`, which `BackboneWithFPN` uses, calls a backbone's direct
children one after the other and keeps the outputs of the children that `return_layers` names.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from designspace.compiler.features import Features
from designspace.compiler.modules import channels_last
from designspace.errors import InputError


class MapOnly(nn.Module):
    """A part whose output must be a map; its input is made channels-last in memory."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, x: Tensor) -> Tensor:
        """Run the part.

        Raises:
            InputError: The output is not a map.
        """
        y: Tensor = self.part(channels_last(x))
        if y.ndim != 4:
            raise InputError("a stage returns tokens, not a map", hint="use the list of features")
        return y


def torchvision_backbone(features: Features) -> tuple[nn.Sequential, dict[str, str]]:
    """Return a features-only network in torchvision's form for pyramids; the modules are shared.

    Returns:
        The backbone, and `return_layers`: a mapping from names of its children to names of the
        maps, `0` and up.
    """
    names = [f"stage{index}" for index in range(len(features.stages))]
    parts = dict(zip(names, features.stages, strict=True))
    line = {name: MapOnly(part) for name, part in {"stem": features.stem, **parts}.items()}
    returned = {names[index]: str(n) for n, index in enumerate(features.out_indices)}
    return nn.Sequential(OrderedDict(line)), returned
