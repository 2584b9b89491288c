"""Save a network's weights, in our layout or a published one."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from designspace.errors import InputError, did_you_mean
from designspace.spec.documents.document import write_bytes_atomic
from designspace.spec.network.network import Network
from designspace.weights.integrity import CONTENT, facts_digest
from designspace.weights.layout import Layout
from designspace.weights.layouts import known
from designspace.weights.match import Tensors

SAFE = ".safetensors"
_PICKLED = (".pt", ".pth", ".bin", ".ckpt", ".tar", ".pyth", ".th", ".pkl")


def require_weights_name(path: Path) -> None:
    """Refuse a file name that does not end like a file of weights.

    Raises:
        InputError: The name has another ending; the error lists the valid ones.
    """
    if path.suffix.lower() not in (SAFE, *_PICKLED):
        raise InputError(
            "does not have the suffix of a weights file",
            file=str(path),
            hint=f"did you mean '{path.with_suffix(SAFE).name}'? (valid: {SAFE}; "
            f"{', '.join(_PICKLED)} without the spec)",
        )


def save_weights(
    model: nn.Module, spec: Network, path: Path, *, layout: str = "designspace", **facts: Any
) -> None:
    """Write all weights and buffers, with the specification and further facts as metadata.

    Args:
        model: Module; its state dict is written.
        spec: Specification that the module was built from.
        path: File, written whole or not at all. It ends in `.safetensors`, or in an ending of
            torch's files, such as .pth, for a plain state dict of torch without the metadata.
        layout: Layout of names and shapes: `designspace`, `timm`, `torchvision` or `official` (the
            authors').
        facts: Plain data to keep beside the weights, such as the number of classes. A digest of
            these and of all tensors is added, which `read_weights` verifies.

    Raises:
        InputError: There is no such layout for this network, the file has another ending, or it
            cannot be written.
    """
    path = Path(path)
    require_weights_name(path)
    tensors = {name: tensor.cpu() for name, tensor in state_dict_as(model, layout).items()}
    if path.suffix.lower() in _PICKLED:
        buffer = io.BytesIO()
        torch.save(tensors, buffer)
        write_bytes_atomic(path, buffer.getvalue())
        return
    about = {"spec": spec.authored, "digest": spec.digest, "layout": layout, **facts}
    about[CONTENT] = facts_digest(about, tensors)
    write_bytes_atomic(path, save(tensors, {"designspace": json.dumps(about)}))


def state_dict_as(model: nn.Module, layout: str) -> dict[str, Tensor]:
    """Return a network's state dict in a layout, without that layout's buffers of tables.

    Raises:
        InputError: There is no such layout for this network.
    """
    own = model.state_dict()
    chosen = _writable(own, layout)
    tensors: dict[str, Tensor] = {}
    for ours, tensor in own.items():
        found = chosen.theirs(ours)
        assert found
        theirs, rule = found
        value = tensor.detach().flip(1) if rule.reverses and tensor.ndim > 1 else tensor.detach()
        tensors[theirs] = value.reshape(rule.form(tuple(tensor.shape))).clone().contiguous()
    return tensors


def _writable(own: Tensors, origin: str) -> Layout:
    """Return the first layout of this origin that fits the family and names every tensor."""
    origins = sorted({found for layout in known() for found in layout.origins})
    if origin not in origins:
        raise InputError(f"unknown layout '{origin}'", hint=did_you_mean(origin, origins))
    shapes = {name: tuple(tensor.shape) for name, tensor in own.items()}
    able = [layout for layout in known() if layout.is_for(shapes) and _names_all(layout, own)]
    for layout in able:
        if origin in layout.origins:
            return layout
    valid = sorted({found for layout in able for found in layout.origins})
    raise InputError(
        f"no layout '{origin}' is known for this network", hint=f"valid: {', '.join(valid)}"
    )


def _names_all(layout: Layout, own: Tensors) -> bool:
    return all(layout.theirs(name) is not None for name in own)
