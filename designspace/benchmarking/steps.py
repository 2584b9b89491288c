"""One step of a network, the unit that is timed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from designspace.benchmarking.settings import Settings
from designspace.records.measured.speed import Mode

_LEARNING_RATE = 1e-5
"""Small enough that the loss stays finite; it does not affect the speed."""

INFER = "forward pass under torch.inference_mode"
TRAIN = (
    "forward pass, cross-entropy with random labels, gradients set to none, backward, "
    "torch.optim.AdamW step (default settings, eager; fused on CUDA); no data loading, no drop path"
)


@dataclass(frozen=True)
class Step:
    """A step of a network on one batch that stays on the device.

    Attributes:
        run: Function that runs the step, without waiting for the device.
        module: The network.
        held: Function that returns the tensors that stay between steps, without gradients.
    """

    run: Callable[[], None]
    module: nn.Module
    held: Callable[[], list[Tensor]]


def make_step(module: nn.Module, mode: Mode, images: Tensor, settings: Settings) -> Step:
    """Return a step of a copy of the network, on the images' device.

    Args:
        module: Network in float32; it is not changed.
        mode: Inference or training, `infer` or `train`.
        images: Images (batch, channels, height, width) in float32.
        settings: Conditions of the measurement.
    """
    network = copy.deepcopy(module).to(images.device)
    network = cast("nn.Module", cast("Any", network).to(memory_format=settings.memory_format))
    images = images.contiguous(memory_format=settings.memory_format)
    if mode == "infer":
        return _infer(network.to(settings.dtype).eval(), images.to(settings.dtype), settings)
    return _train(network.train(), images, settings)


def _called(network: nn.Module, settings: Settings) -> Callable[[Tensor], Tensor]:
    if not settings.compiled:
        return network
    return cast("Callable[[Tensor], Tensor]", torch.compile(network, dynamic=False))


def _infer(network: nn.Module, images: Tensor, settings: Settings) -> Step:
    call = _called(network, settings)

    @torch.inference_mode()
    def run() -> None:
        call(images)

    return Step(run, network, lambda: [*_weights(network), images])


def _train(network: nn.Module, images: Tensor, settings: Settings) -> Step:
    call, device = _called(network, settings), images.device
    labels = torch.randint(settings.classes, (len(images),), device=device)
    fused = device.type == "cuda"  # as in training
    optimizer = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, fused=fused)
    scaler = torch.GradScaler(device.type, enabled=settings.precision == "float16")
    low = settings.precision != "float32"

    def run() -> None:
        with torch.autocast(device.type, dtype=settings.dtype if low else None, enabled=low):
            logits = call(images)
        loss = functional.cross_entropy(logits.float(), labels)
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()

    def held() -> list[Tensor]:
        states = [value for state in optimizer.state.values() for value in state.values()]
        kept = [value for value in states if isinstance(value, Tensor)]
        return [*_weights(network), *kept, images, labels]

    return Step(run, network, held)


def _weights(network: nn.Module) -> list[Tensor]:
    return [*network.parameters(), *network.buffers()]
