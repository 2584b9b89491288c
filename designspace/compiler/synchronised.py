"""Batch norm over the batches of all processes."""

# Torch leaves some types unknown.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from torch import Tensor, nn

from designspace.compiler.modules import BatchNormNHWC, BatchNormNLC


class SyncBatchNormLast(nn.SyncBatchNorm):
    """Synchronised batch norm on (batch, *positions, channels)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Normalise a view."""
        return super().forward(input.movedim(-1, 1)).movedim(1, -1)


def batch_norms(model: nn.Module) -> list[str]:
    """Names of the batch norms in a network."""
    kinds = nn.modules.batchnorm._BatchNorm  # pyright: ignore[reportPrivateUsage]
    return [name for name, module in model.named_modules() if isinstance(module, kinds)]


def synchronise(model: nn.Module) -> None:
    """Make every batch norm take its statistics over all processes; weights keep their names."""
    for name in batch_norms(model):
        norm = model.get_submodule(name)
        assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
        last = isinstance(norm, BatchNormNHWC | BatchNormNLC)
        kind = SyncBatchNormLast if last else nn.SyncBatchNorm
        new = kind(norm.num_features, norm.eps, norm.momentum)
        new.load_state_dict(norm.state_dict())
        new.train(norm.training)
        parent, _, own = name.rpartition(".")
        model.get_submodule(parent).add_module(own, new)
