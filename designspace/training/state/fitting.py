"""Checks that the state of a checkpoint fits the training that continues from it.

Torch checks the names and shapes of weights, but not the state of an optimizer: a moment of the
wrong shape fails in the middle of training, and a missing one silently starts again from zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import ValidationError
from torch import Tensor
from torch.optim import SGD, Optimizer

from designspace.compiler.kernels.choice import Kernel
from designspace.errors import InputError
from designspace.records.training import Epoch

_PARTS = {"kernel", "model", "optimizer", "ema", "history", "step", "losses"}
_VARYING = ("lr", "params")  # `lr` changes with the steps, `params` is compared separately
_ADAM = {"step", "exp_avg", "exp_avg_sq"}
_SGD = {"momentum_buffer"}


class MisfitError(Exception):
    """A part of a checkpoint that does not fit; the message names it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The training as it is built, which a checkpoint must fit.

    Attributes:
        model: State dict of the network.
        ema: State dict of its moving average; None if the recipe has none.
        optimizer: Optimizer as built.
        epochs: Number of epochs of the whole training.
        steps: Number of steps per epoch.
    """

    model: Mapping[str, Any]
    ema: Mapping[str, Any] | None
    optimizer: Optimizer
    epochs: int
    steps: int


def require_fit(state: Any, wanted: Wanted, file: Path) -> None:
    """Check that this training can continue from the state of a checkpoint.

    Raises:
        InputError: The state does not fit; the error names the file and the first part at fault.
    """
    try:
        parts = _mapping(state, "its state")
        _names(parts.keys(), _PARTS, "its state")
        if parts["kernel"] not in get_args(Kernel):
            raise MisfitError(f"'kernel' is {parts['kernel']!r}, none of {get_args(Kernel)}")
        _tensors(parts["model"], wanted.model, "model")
        if wanted.ema is not None:
            _tensors(parts["ema"], wanted.ema, "ema")
        elif parts["ema"] is not None:
            raise MisfitError("'ema' is present, but the recipe has no moving average")
        _optimizer(_mapping(parts["optimizer"], "'optimizer'"), wanted.optimizer)
        _progress(parts, wanted)
    except MisfitError as misfit:
        raise InputError(
            f"the checkpoint does not fit this training: {misfit}",
            file=str(file),
            hint="delete the file; the same command then continues from the checkpoint before "
            "it, or starts over",
        ) from None


def _mapping(value: Any, what: str) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise MisfitError(f"{what} is {_kind(value)}, not a mapping")
    return cast("dict[Any, Any]", value)


def _kind(value: object) -> str:
    return "missing" if value is None else f"of type {type(value).__name__}"


def _names(found: Any, wanted: Any, what: str) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise MisfitError(f"{what} lacks '{missing[0]}'")
    further = [name for name in found if name not in wanted]
    if further:
        raise MisfitError(f"{what} has an unknown '{further[0]}'")


def _tensors(found: Any, wanted: Mapping[str, Any], what: str) -> None:
    tensors = _mapping(found, f"'{what}'")
    _names(tensors.keys(), wanted.keys(), f"'{what}'")
    for name, own in wanted.items():
        _alike(tensors[name], own, f"'{what}': {name}")


def _alike(value: Any, own: Tensor, what: str) -> None:
    if not isinstance(value, Tensor):
        raise MisfitError(f"{what} is {_kind(value)}, not a tensor")
    if value.shape != own.shape:
        raise MisfitError(f"{what} has shape {_shape(value)}, not {_shape(own)}")
    if value.dtype != own.dtype:
        raise MisfitError(f"{what} is {_dtype(value)}, not {_dtype(own)}")


def _shape(value: Tensor) -> str:
    return str(list(value.shape))


def _dtype(value: Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")


def _optimizer(found: dict[Any, Any], own: Optimizer) -> None:
    _names(found.keys(), ("state", "param_groups"), "'optimizer'")
    groups, params = found["param_groups"], own.state_dict()["param_groups"]
    if not isinstance(groups, list) or len(cast("list[Any]", groups)) != len(params):
        raise MisfitError(f"'optimizer' does not have {len(params)} groups of parameters")
    for number, (group, ours) in enumerate(zip(cast("list[Any]", groups), params, strict=True)):
        what = f"'optimizer': group {number}"
        _group(_mapping(group, what), ours, what)
    flat = [param for group in own.param_groups for param in group["params"]]
    _moments(_mapping(found["state"], "'optimizer': its state"), flat, own)


def _group(group: dict[Any, Any], own: Mapping[str, Any], what: str) -> None:
    _names(group.keys(), own.keys(), what)
    if group["params"] != own["params"]:
        raise MisfitError(f"{what} belongs to other parameters")
    if not isinstance(group["lr"], float):
        raise MisfitError(f"{what}: its lr is {_kind(group['lr'])}, not a number")
    for name in own.keys() - set(_VARYING):
        if not _equal(group[name], own[name]):
            raise MisfitError(f"{what}: its {name} is {group[name]!r}, not {own[name]!r}")


def _equal(value: Any, own: Any) -> bool:
    return isinstance(value, type(own)) and not isinstance(value, Tensor) and value == own


def _moments(state: dict[Any, Any], params: list[Tensor], own: Optimizer) -> None:
    """Check the optimizer's state of each parameter; one without a gradient has no state."""
    names = _SGD if isinstance(own, SGD) else _ADAM
    if not state and names is _ADAM:
        raise MisfitError("'optimizer': its state is empty")
    for index, entry in state.items():
        what = f"'optimizer': the state of parameter {index}"
        if not isinstance(index, int) or not 0 <= index < len(params):
            raise MisfitError(f"{what}, which does not exist")
        moments = _mapping(entry, what)
        _names(moments.keys(), names, what)
        for name, value in moments.items():
            _moment(name, value, params[index], f"{what}: its {name}")


def _moment(name: str, value: Any, param: Tensor, what: str) -> None:
    if name == "step":
        if not isinstance(value, Tensor) or value.numel() != 1:
            raise MisfitError(f"{what} is not a single number")
    elif value is not None or name != "momentum_buffer":
        _alike(value, param, what)


def _progress(parts: Mapping[str, Any], wanted: Wanted) -> None:
    """Check the epochs done and the steps done in the next epoch."""
    history, step, losses = parts["history"], parts["step"], parts["losses"]
    if not isinstance(history, list):
        raise MisfitError(f"'history' is {_kind(history)}, not a list")
    lines = cast("list[Any]", history)
    if _numbers(lines) != list(range(1, len(lines) + 1)) or len(lines) > wanted.epochs:
        raise MisfitError(f"'history' is not that of epochs 1 to {wanted.epochs} at most")
    last = wanted.steps if len(lines) < wanted.epochs else 1
    if type(step) is not int or not 0 <= step < last:
        raise MisfitError(f"'step' is {step!r}, not a step of the {wanted.steps} of an epoch")
    if not isinstance(losses, list) or not _floats(cast("list[Any]", losses), step):
        raise MisfitError(f"'losses' does not hold a number for each of {step} steps")


def _numbers(lines: list[Any]) -> list[int]:
    try:
        return [Epoch.model_validate(line).epoch for line in lines]
    except ValidationError as error:
        said = error.errors()[0]
        where = ".".join(map(str, said["loc"]))
        raise MisfitError(f"'history': {where}: {said['msg']}") from None


def _floats(values: list[Any], count: int) -> bool:
    return len(values) == count and all(isinstance(value, float) for value in values)
