"""Saving a network's weights with its specification, and loading them back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import safetensors
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from designspace.errors import InputError
from designspace.spec.files import write_bytes_atomic
from designspace.spec.network import Network

_SHOWN = 3


def save_weights(model: nn.Module, spec: Network, path: Path, **facts: Any) -> None:
    """Write all weights and buffers, with the specification and further facts as metadata.

    Args:
        model: The module; its state dict is written.
        spec: The network that it was built from.
        path: The file, written whole or not at all.
        facts: Plain data to keep beside it, such as the number of classes.
    """
    tensors = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in model.state_dict().items()  # tied tensors are written apart
    }
    metadata = {"designspace": json.dumps({"spec": spec.authored, "digest": spec.digest, **facts})}
    write_bytes_atomic(path, save(tensors, metadata))


def read_facts(path: Path) -> dict[str, Any]:
    """What `save_weights` wrote beside the weights; empty for a file from elsewhere.

    Raises:
        InputError: The file is missing, is no safetensors file, or its facts cannot be read.
    """
    if not path.is_file():
        raise InputError("no such weights file", file=str(path))
    try:
        with cast("Any", safetensors.safe_open(path, framework="pt")) as file:
            metadata: dict[str, str] = file.metadata() or {}
    except SafetensorError as error:
        raise InputError(f"no safetensors file: {error}", file=str(path)) from None
    try:
        facts: Any = json.loads(metadata.get("designspace", "{}"))
    except json.JSONDecodeError:
        facts = None
    if not isinstance(facts, dict):
        raise InputError("what is written beside the weights cannot be read", file=str(path))
    return cast("dict[str, Any]", facts)


def load_weights(model: nn.Module, path: Path) -> None:
    """Load weights into a module, all or none.

    A module that says with `left_out` how the names begin of what it has not, such as a network
    without its head, takes the weights of the whole one.

    Raises:
        InputError: The file is missing or broken, or its tensors are not the module's; the first
            ones at fault are named, and the module is left as it was.
    """
    read_facts(path)
    left_out: tuple[str, ...] = getattr(model, "left_out", ())
    tensors, own = load(path.read_bytes()), model.state_dict()
    tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith(left_out)}
    wrong = [f"{name} is missing" for name in own if name not in tensors]
    wrong += [f"{name} is not in the network" for name in tensors if name not in own]
    wrong += [
        f"{name} is {tuple(tensors[name].shape)} where {tuple(own[name].shape)} belongs"
        for name in own
        if name in tensors and tensors[name].shape != own[name].shape
    ]
    wrong += [
        f"{name} holds whole numbers where fractions belong"
        for name in own
        if name in tensors and tensors[name].is_floating_point() < own[name].is_floating_point()
    ]
    if wrong:
        more = f", and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise InputError(
            f"the weights do not fit the network: {'; '.join(wrong[:_SHOWN])}{more}", file=str(path)
        )
    model.load_state_dict(tensors)
