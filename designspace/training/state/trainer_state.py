"""The state of a training in a checkpoint: capture it, and restore a training from it."""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from designspace.compiler.kernels.pointwise import kernel_of, pin_kernel
from designspace.records.training import Epoch
from designspace.training.loop import Position, Trainer
from designspace.training.state.fitting import Wanted


def capture(trainer: Trainer, history: Sequence[Epoch], position: Position) -> dict[str, Any]:
    """Collect what a training needs to continue.

    The tensors belong to the training; they are not copies.
    """
    return {
        "kernel": kernel_of(trainer.model),
        "model": trainer.model.state_dict(),
        "optimizer": trainer.optimizer.state_dict(),
        "ema": _average(trainer),
        "history": [epoch.model_dump() for epoch in history],
        "step": position.step,
        "losses": list(position.losses),
    }


def wanted(trainer: Trainer, epochs: int, steps: int) -> Wanted:
    """Describe the state that fits this trainer.

    Args:
        trainer: Training as it is built.
        epochs: Number of epochs of the whole training.
        steps: Number of steps per epoch.
    """
    model = trainer.model.state_dict()
    return Wanted(model, _average(trainer), trainer.optimizer, epochs, steps)


def take_over(state: Mapping[str, Any], trainer: Trainer) -> tuple[list[Epoch], Position]:
    """Load a state into the trainer; the state must fit it.

    Pointwise layers are pinned to the kernel with which the training began, so that another machine
    continues it bit by bit as it would have run.

    Returns:
        The epochs done, and the position in the next epoch at which the training continues.
    """
    trainer.model.load_state_dict(state["model"])
    trainer.optimizer.load_state_dict(state["optimizer"])
    pin_kernel(trainer.model, state["kernel"])
    if trainer.ema is not None:
        trainer.ema.module.load_state_dict(state["ema"])
        pin_kernel(trainer.ema.module, state["kernel"])
    history = [Epoch.model_validate(line) for line in state["history"]]
    return history, Position(state["step"], tuple(state["losses"]))


def _average(trainer: Trainer) -> dict[str, Any] | None:
    return None if trainer.ema is None else trainer.ema.module.state_dict()
