"""timm's `features_only` networks: maps as a list or a dict, weights under either name."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, cast

from timm.models._features import FeatureGetterNet
from torch import Tensor, nn

_PREFIX = "model."


class StageMaps(FeatureGetterNet):
    """timm's feature getter, extended to load a classifier's weights as well as its own.

    The getter's names begin with `model.` and those of a classifier do not, so with `strict=False`
    timm's own getter would silently load none of them.
    """

    def __init__(self, model: nn.Module, **settings: Any) -> None:
        super().__init__(model, **settings)
        self.register_load_state_dict_pre_hook(_prefixed)

    def forward(self, x: Tensor) -> list[Tensor] | dict[str, Tensor]:
        """Map (batch, channels, height, width) to maps (batch, channels', height', width')."""
        maps = cast("list[Tensor]", super().forward(x))
        if not self.return_dict:
            return maps
        names = self.out_map or [str(index) for index in self.feature_info.out_indices]
        return OrderedDict(zip(map(str, names), maps, strict=True))

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Set whether training recomputes activations instead of keeping them."""
        cast("Any", self.model).set_grad_checkpointing(enable)


def _prefixed(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Rename a classifier's weights to the getter's names, and drop those that it lacks."""
    own = [name for name in state if name.startswith(prefix)]
    if any(name.startswith(prefix + _PREFIX) for name in own):
        return
    there = module.state_dict().keys()
    for name in own:
        value, new = state.pop(name), _PREFIX + name.removeprefix(prefix)
        if new in there:
            state[prefix + new] = value
        elif not new.startswith(_PREFIX + "head."):
            state[name] = value
