"""Questions of layouts and lag; where a title says "measured", a pass means no more than that."""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

import designspace
from benchmarks.gpu.point import Facts, FaultError, Place, Point

ROUNDS, STEPS = 7, 10


def layouts(place: Place) -> Facts:
    """Channels-last beside contiguous, for grouped convolutions and for group norm."""
    found: dict[str, Any] = {}
    for name in ("resnext50_32x4d", "regnetx_016", "poolformer_s12", "convnext_t"):
        steps = {
            word: _step(name, layout, place.device)
            for word, layout in (
                ("channels_last", torch.channels_last),
                ("contiguous", torch.contiguous_format),
            )
        }
        seconds: dict[str, list[float]] = {word: [] for word in steps}
        for _ in range(ROUNDS):
            for word, step in steps.items():
                seconds[word].append(_seconds(step, place.device))
        pairs = zip(seconds["channels_last"], seconds["contiguous"], strict=True)
        medians = {word: 1000 * statistics.median(times) for word, times in seconds.items()}
        found[name] = {"ms": medians, "ratio": statistics.median(a / b for a, b in pairs)}
    return found


def _step(name: str, layout: torch.memory_format, device: str) -> Callable[[], None]:
    batch = 64 if device == "cuda" else 2
    model: Any = designspace.build(designspace.load(name))
    model.to(device, memory_format=layout)
    images = torch.randn(batch, 3, 224, 224, device=device).contiguous(memory_format=layout)

    def step() -> None:
        model.zero_grad(set_to_none=True)
        with torch.autocast(device, dtype=torch.bfloat16):
            loss = model(images).float().square().mean()
        loss.backward()

    return step


def _seconds(step: Callable[[], None], device: str) -> float:
    count = STEPS if device == "cuda" else 1
    _wait(device)
    began = time.perf_counter()
    for _ in range(count):
        step()
    _wait(device)
    return (time.perf_counter() - began) / count


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def strides(place: Place) -> Facts:
    """DDP does not warn of the strides of gradients.

    Raises:
        FaultError: It does.
    """
    store: Any = cast("Any", distributed).HashStore()
    backend = "nccl" if place.device == "cuda" else "gloo"
    distributed.init_process_group(backend, store=store, rank=0, world_size=1)
    model: Any = designspace.build(designspace.load("convnext_proxy"))
    model.to(place.device, memory_format=torch.channels_last)
    wrapped = DistributedDataParallel(model)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        images = torch.randn(8, 1, 28, 28, device=place.device)
        for _ in range(3):
            wrapped(images.expand(-1, model_channels(model), -1, -1)).square().mean().backward()
    distributed.destroy_process_group()
    said = sorted({str(one.message).splitlines()[0] for one in caught})
    if any("strides" in line for line in said):
        raise FaultError(f"DDP warns: {' | '.join(said)}")
    return {"warnings": said}


def model_channels(model: nn.Module) -> int:
    """Channels of the images that a network takes: those of its first convolution."""
    first = next(one for one in model.modules() if isinstance(one, nn.Conv2d))
    return int(first.in_channels)


def ahead(place: Place) -> Facts:
    """How far the host is ahead of the GPU after 16 steps, and the memory that this costs."""
    step = _step("convnext_t", torch.channels_last, place.device)
    step()
    _wait(place.device)
    lags: list[float] = []
    for _ in range(16):
        step()
    began = time.perf_counter()
    _wait(place.device)
    lags.append(1000 * (time.perf_counter() - began))
    peak = torch.cuda.max_memory_allocated() if place.device == "cuda" else None
    return {"ms_behind_after_16_steps": lags, "peak_memory": peak}


POINTS = (
    Point("layouts", "measured: layouts of grouped convolutions and group norm", layouts, ("gpu",)),
    Point("strides", "DDP does not warn of the strides of gradients", strides),
    Point("ahead", "measured: how far the host runs ahead", ahead, ("gpu",)),
)
