"""A network as it is called in training: on its device, compiled, with others."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from designspace.compiler import BuiltNetwork, synchronise
from designspace.compiler.synchronised import batch_norms
from designspace.errors import InputError
from designspace.training.distributed import Group


def forward_of(
    model: BuiltNetwork, device: torch.device, group: Group, *, compiled: bool
) -> nn.Module:
    """Moves the model to its device, channels last, and wraps it; its weights stay the model's.

    Of several processes batch norm takes the statistics of all, which torch has for GPUs only.

    Raises:
        InputError: There are several processes without GPUs, and the network has batch norm.
    """
    if group.world > 1:
        norms = batch_norms(model)
        if norms and device.type != "cuda":
            raise InputError(
                f"batch norm over several processes needs GPUs ('{norms[0]}')",
                hint="train with one process, or a network with another norm",
            )
        synchronise(model)
    model.to(device, memory_format=torch.channels_last)  # pyright: ignore
    forward: nn.Module = model
    if group.world > 1:
        forward = DistributedDataParallel(model, gradient_as_bucket_view=True)
        # Synchronised batch norms change alike in all processes: no buffer needs to be sent. The
        # argument of this name is deprecated since torch 2.15, its successor absent before.
        forward.broadcast_buffers = False
    return cast("nn.Module", torch.compile(forward)) if compiled else forward
