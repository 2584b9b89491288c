"""Groups of parameters: what is decayed, and how much of the learning rate each layer gets."""

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
    """Whether weight decay applies: not to vectors, biases, nor what the network spares."""
    return parameter.ndim > 1 and not name.endswith(".bias") and name not in spared


class Layers:
    """The layers of a network: 0 is the stem, the last what follows the stages.

    As in timm, a norm before the head's pooling belongs to the last block.
    """

    def __init__(self, model: BuiltNetwork, rule: LayerDecay) -> None:
        """Count the blocks of each stage in layers."""
        self._rule = rule
        depths = [stage.depth for stage in model.spec.stages]
        self._in_stage = [math.ceil(depth / rule.blocks) for depth in depths]
        self.last = max(sum(self._in_stage), rule.layers or 0) + 1

    def of(self, name: str) -> int:
        """The layer of a parameter."""
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
        """The share of the learning rate that a layer gets."""
        return self._rule.rate ** (self.last - layer)


def decay_groups(model: BuiltNetwork, weight_decay: float) -> list[Group]:
    """Two groups as timm makes them: first what weight decay spares; an empty one is left out."""
    spared = model.no_weight_decay()
    groups = {decay: Group(weight_decay=weight_decay * decay, params=[]) for decay in (False, True)}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decays = bool(weight_decay) and decayed(name, parameter, spared)
            groups[decays]["params"].append(parameter)
    return [group for group in groups.values() if group["params"]]


def layer_groups(model: BuiltNetwork, rule: LayerDecay, weight_decay: float) -> list[Group]:
    """A group a layer and kind of decay, with timm's `lr_scale`, lowest layer first.

    The rule is that of the ConvNeXt paper's code; with one block a layer, of timm.
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
