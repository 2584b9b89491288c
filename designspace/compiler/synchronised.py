"""Batch norms with statistics over the batches of all processes."""

from __future__ import annotations

from torch import nn


def batch_norms(model: nn.Module) -> list[str]:
    """Return the names of the batch norms in a network."""
    kinds = nn.modules.batchnorm._BatchNorm  # pyright: ignore[reportPrivateUsage]
    return [name for name, module in model.named_modules() if isinstance(module, kinds)]


def synchronise(model: nn.Module) -> None:
    """Make every batch norm compute its statistics over all processes; weights keep their names."""
    nn.SyncBatchNorm.convert_sync_batchnorm(model)
