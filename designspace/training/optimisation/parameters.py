"""Groups of parameters, by weight decay and by each layer's share of the learning rate.

With layer decay, lower layers learn more slowly. For example, take stages of 3 and 6 blocks, three
blocks per layer, and rate 0.9. The stem is layer 0, the first stage layer 1, the second stage
layers 2 and 3, and everything after the stages layer 4. Layer 4 has the full learning rate, layer 3
has 0.9 of it, layer 2 has 0.81, and the stem 0.9 ** 4, about 0.66.
"""

from __future__ import annotations

import math
import re
from typing import Any

from torch import nn

from designspace.compiler import BuiltNetwork
from designspace.spec.recipe.optimizers import LayerDecay

_PLACE = re.compile(r"^stages\.(\d+)\.(?:downsample|blocks\.(\d+))")
_FINAL_NORM = ("head.norm.", "head.norm_before.")  # before the pooling

Group = dict[str, Any]


def decayed(name: str, parameter: nn.Parameter, spared: set[str]) -> bool:
    """Return whether weight decay applies to a parameter.

    It does not apply to vectors, to biases, or to parameters that the network exempts.
    """
    return parameter.ndim > 1 and not name.endswith(".bias") and name not in spared


class Layers:
    """The layers of a network: layer 0 is the stem, the last layer follows the stages.

    As in timm, a norm before the head's pooling belongs to the layer of the last block.
    """

    def __init__(self, model: BuiltNetwork, rule: LayerDecay) -> None:
        """Count the layers of each stage."""
        self._rule = rule
        depths = [stage.depth for stage in model.spec.stages]
        self._in_stage = [math.ceil(depth / rule.blocks) for depth in depths]
        self.last = max(sum(self._in_stage), rule.layers or 0) + 1

    def of(self, name: str) -> int:
        """Return the layer of a parameter, by the parameter's name."""
        if name.startswith("stem."):
            return 0
        if name.startswith(_FINAL_NORM):
            return self.last - 1
        place = _PLACE.match(name)
        if place is None:
            return self.last
        stage, block = int(place[1]), int(place[2] or 0)
        within = block // self._rule.blocks
        if stage == len(self._in_stage) - 1:  # counted from the end: see LayerDecay.layers
            return self.last - self._in_stage[stage] + within
        return 1 + sum(self._in_stage[:stage]) + within

    def scale(self, layer: int) -> float:
        """Return the share of the learning rate that a layer gets."""
        return self._rule.rate ** (self.last - layer)


def decay_groups(model: BuiltNetwork, weight_decay: float) -> list[Group]:
    """Build timm's two groups: first without, then with weight decay; empty ones are left out."""
    spared = model.no_weight_decay()
    groups = {decay: Group(weight_decay=weight_decay * decay, params=[]) for decay in (False, True)}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decays = bool(weight_decay) and decayed(name, parameter, spared)
            groups[decays]["params"].append(parameter)
    return [group for group in groups.values() if group["params"]]


def layer_groups(model: BuiltNetwork, rule: LayerDecay, weight_decay: float) -> list[Group]:
    """Build one group per layer and kind of decay, with timm's `lr_scale`, lowest layer first.

    The rule is that of the ConvNeXt paper's code; with one block per layer it is timm's.
    """
    layers, spared = Layers(model, rule), model.no_weight_decay()
    groups: dict[tuple[int, bool], Group] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        key = layers.of(name), decayed(name, parameter, spared)
        if key not in groups:
            decay = weight_decay if key[1] else 0.0
            scale = layers.scale(key[0])
            groups[key] = {"lr_scale": scale, "weight_decay": decay, "params": []}
        groups[key]["params"].append(parameter)
    return [groups[key] for key in sorted(groups)]
