"""Whether the host waits inside a training step, and how many kernels a step launches."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch

import designspace
from benchmarks.gpu.point import Facts, Place, Point, expect
from designspace.images.data import load_data
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.divergence import CHECK_EVERY
from designspace.training.run import Run

FIRST, LAST = 4, CHECK_EVERY - 2
"""Steps between which nothing may wait: those before are warm-up, the losses are read after."""
LAUNCHES = ("cudaLaunchKernel", "cuLaunchKernel", "cudaLaunchKernelExC", "cuLaunchKernelEx")
WAITS = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize")
NETWORKS = ("convnext_proxy", "resnet_proxy")
HEAVY: dict[str, Any] = {"rand_augment": "rand-m9-mstd0.5-inc1", "random_erasing": 0.25}


class _EnoughError(Exception):
    """Ends the epoch."""


def waits(place: Place) -> Facts:
    """No synchronisation inside the steps, by torch's own debug mode."""
    found: dict[str, Any] = {}
    for name, changes in _cases():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            _run(place, name, changes, _watch)
        said = [str(one.message).splitlines()[0] for one in caught]
        synchronising = Counter(text for text in said if "synchroniz" in text)
        case = f"{name}{', augmented' if 'rand_augment' in changes else ''}"
        found[case] = dict(synchronising)
        expect(not synchronising, f"{case} waits inside a step: {dict(synchronising)}")
    return found


def _watch(done: int) -> None:
    if done == FIRST:
        torch.cuda.set_sync_debug_mode("warn")
    elif done == LAST:
        torch.cuda.set_sync_debug_mode("default")
        raise _EnoughError


def launches(place: Place) -> Facts:
    """Kernels, waits and copies of a step, and where the GPU's time goes."""
    found: dict[str, Any] = {}
    for name, changes in _cases():
        activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
        profile = torch.profiler.profile(activities=activities)

        def watch(done: int, profile: Any = profile) -> None:
            if done == FIRST:
                profile.start()
            elif done == LAST:
                torch.cuda.synchronize()
                profile.stop()
                raise _EnoughError

        _run(place, name, changes, watch)
        case = f"{name}{', augmented' if 'rand_augment' in changes else ''}"
        found[case] = _counted(profile, LAST - FIRST)
        expect(found[case]["launches"] > 0, f"{case}: the profiler saw no kernel")
    return found


def _counted(profile: Any, steps: int) -> dict[str, Any]:
    rows = {row.key: row for row in profile.key_averages()}

    def count(*names: str) -> float:
        return round(sum(rows[name].count for name in names if name in rows) / steps, 2)

    kernels = sorted(rows.values(), key=lambda row: -row.self_device_time_total)
    total = sum(row.self_device_time_total for row in kernels) or 1
    slowest = [
        {"kernel": row.key[:120], "share": round(row.self_device_time_total / total, 3)}
        for row in kernels[:3]
    ]
    return {
        "launches": count(*LAUNCHES),
        "waits": count(*WAITS),
        "copies": count("cudaMemcpyAsync"),
        "device_ms": round(total / steps / 1000, 3),
        "slowest": slowest,
    }


def _cases() -> list[tuple[str, dict[str, Any]]]:
    return [(name, changes) for name in NETWORKS for changes in ({}, HEAVY)]


def _run(place: Place, name: str, changes: dict[str, Any], watch: Callable[[int], None]) -> None:
    """Steps of a real training, with a look after each."""
    recipe = load_recipe("demo", {"epochs": 1, "batch_size": 32, **changes})
    run = Run(
        designspace.load(name), recipe, load_data(str(place.arrays())), seed=0,
        device=place.device, directory=place.folder / json.dumps([name, len(changes)]),
    )  # fmt: skip
    try:
        run.train_epoch(lambda done, _steps: watch(done))
    except _EnoughError:
        return
    raise AssertionError("the epoch ended before its steps were counted")


POINTS = (
    Point("waits", "nothing waits inside a training step", waits, ("gpu",)),
    Point("launches", "kernels, copies and waits of a step, by profiler", launches, ("gpu",)),
)
