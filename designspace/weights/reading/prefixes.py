"""Wrappers that put a word in front of every name: `module.`, `model.`, `encoder.` and so on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

AVERAGED = frozenset((
    "ema", "ema_model", "model_ema", "ema_module", "module_ema", "ema_state", "ema_state_dict",
    "state_dict_ema", "model_ema_state_dict", "params_ema", "ema_weights", "averaged",
    "averaged_model", "average_model", "avg_model", "swa", "swa_model", "teacher",
))  # fmt: skip
"""Words for weights that were averaged over the training, which are the ones that are measured."""

WRAPPERS = AVERAGED | frozenset((
    "_orig_mod", "module", "model", "net", "network", "encoder", "backbone", "trunk", "visual",
    "student", "student_model", "base_model", "base_encoder", "encoder_q", "timm_model",
    "feature_extractor", "_model", "_module", "_forward_module", "_fsdp_wrapped_module",
))  # fmt: skip
"""First words of names that no layout begins with, and that only say what wraps the network."""


@dataclass(frozen=True)
class Unwrapped:
    """Tensors without a wrapper's prefix.

    Attributes:
        prefix: What was taken off each name, such as `module.model.`; empty for nothing.
        tensors: The tensors under the shorter names.
        beside: Tensors that stood beside the prefixed ones, under their names within it.
        averaged: Whether the prefix says that they are averaged.
    """

    prefix: str
    tensors: Mapping[str, Tensor]
    beside: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])
    averaged: bool = False


def unwrapped(tensors: Mapping[str, Tensor]) -> list[Unwrapped]:
    """The ways to read these names, each with all of its wrappers off.

    Where all names begin with one wrapper there is one way. Where several wrappers, or a wrapper
    and plain names, stand beside each other (an encoder and its decoder, a network and its average,
    a Lightning module and its loss) there is one for each, and one for the names as they are.
    """
    wrappers = WRAPPERS - ({"network"} if _has_numbered_network(tensors) else frozenset())
    groups: dict[str, dict[str, Tensor]] = {}
    plain: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        word, _, rest = name.partition(".")
        if rest and (word in wrappers or word.isdigit()):  # a number: the parts of a Sequential
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
    """Whether the network's own parts are called `network.0`, `network.1` ..., as PoolFormer's."""
    words = [name.split(".") for name in tensors if name.startswith("network.")]
    return len({second for _, second, *rest in words if rest and second.isdigit()}) > 1
