"""Prefixes that wrappers put before every name: `module.`, `model.`, `encoder.` and so on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

AVERAGED = frozenset((
    "ema", "ema_model", "model_ema", "ema_module", "module_ema", "ema_state", "ema_state_dict",
    "state_dict_ema", "model_ema_state_dict", "params_ema", "ema_weights", "averaged",
    "averaged_model", "average_model", "avg_model", "swa", "swa_model", "teacher",
))  # fmt: skip
"""Names of weights averaged over the training, with which published accuracies are measured."""

WRAPPERS = AVERAGED | frozenset((
    "_orig_mod", "module", "model", "net", "network", "encoder", "backbone", "trunk", "visual",
    "student", "student_model", "base_model", "base_encoder", "encoder_q", "timm_model",
    "feature_extractor", "_model", "_module", "_forward_module", "_fsdp_wrapped_module",
))  # fmt: skip
"""First words of names that come from a wrapper of the network; no layout begins with them."""


@dataclass(frozen=True)
class Unwrapped:
    """Tensors without a wrapper's prefix.

    Attributes:
        prefix: Prefix that was removed from each name, such as `module.model.`; empty for none.
        tensors: Tensors under the shorter names.
        beside: Tensors that stood beside the prefixed ones, under the names of their own level.
        averaged: Whether the prefix or a counter marks them as averaged.
    """

    prefix: str
    tensors: Mapping[str, Tensor]
    beside: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])
    averaged: bool = False


def unwrapped(tensors: Mapping[str, Tensor]) -> list[Unwrapped]:
    """Return the ways to read these names, each with all of its wrappers removed.

    If all names begin with one wrapper, there is one way. If several wrappers, or a wrapper and
    plain names, stand beside each other (an encoder and its decoder, a network and its average, a
    Lightning module and its loss), there is one way per wrapper. If there are plain names, the
    unchanged names are one more.
    """
    wrappers = WRAPPERS - ({"network"} if _has_numbered_network(tensors) else frozenset())
    groups: dict[str, dict[str, Tensor]] = {}
    plain: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        word, _, rest = name.partition(".")
        if rest and (word in wrappers or word.isdigit()):  # a number: part of a Sequential
            groups.setdefault(word, {})[rest] = tensor
        else:
            plain[name] = tensor
    if not groups:
        return [Unwrapped("", tensors)]
    ways: list[Unwrapped] = []
    for word, group in groups.items():
        prefixed = f"{word}."
        others = {name: t for name, t in tensors.items() if not name.startswith(prefixed)}
        for way in unwrapped(group):
            averaged = way.averaged or word in AVERAGED or "n_averaged" in plain
            beside = {**others, **way.beside}
            ways.append(Unwrapped(prefixed + way.prefix, way.tensors, beside, averaged))
    return ways if not plain else [*ways, Unwrapped("", tensors)]


def _has_numbered_network(tensors: Mapping[str, Tensor]) -> bool:
    """Return whether the network names its own parts `network.0` and so on, as in PoolFormer."""
    words = [name.split(".") for name in tensors if name.startswith("network.")]
    return len({second for _, second, *rest in words if rest and second.isdigit()}) > 1
