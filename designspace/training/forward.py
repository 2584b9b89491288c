"""The network as training calls it: on its device, compiled, shared by several processes."""

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
    """Move the model to its device, channels last, and wrap it; both share the same weights.

    With several processes, batch norm uses the statistics of all of them. Torch supports this on
    GPUs only.

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
        # Synchronised batch norms change alike in all processes: no buffer needs to be sent. Torch
        # 2.15 deprecated the argument of this name, and earlier versions lack its successor.
        forward.broadcast_buffers = False
    return cast("nn.Module", torch.compile(forward)) if compiled else forward
