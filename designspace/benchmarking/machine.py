"""The conditions of a measurement: the device, the versions and the settings of torch."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch

from designspace.benchmarking.clock import FEWEST_ROUNDS, WARM_SECONDS, WARM_STEPS
from designspace.benchmarking.memory import HOW
from designspace.benchmarking.settings import Settings
from designspace.benchmarking.steps import INFER, TRAIN
from designspace.compiler.arithmetic import arithmetic, fast_arithmetic
from designspace.compiler.device import device_name, device_of
from designspace.compiler.kernels.choice import cpu_kernel
from designspace.records.environment import environment


def machine(device: torch.device) -> dict[str, Any]:
    """Return the versions and the processor of the measurement."""
    known = environment() | {
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "pointwise_kernel": cpu_kernel() if device.type == "cpu" else "linear",
    }
    if device.type == "cuda":
        known |= {
            "gpu": device_name(device),
            "gpu_memory_bytes": torch.cuda.get_device_properties(device).total_memory,
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
        }
    return known


def conditions(how: Settings, device: torch.device) -> dict[str, Any]:
    """Return the conditions that all rows of a record share; call it inside `tuned`."""
    return {
        "device": how.device,
        "precision": how.precision,
        "precision_means": {"infer": "weights cast", "train": "autocast over float32 weights"},
        "layout": how.layout,
        "compiled": how.compiled,
        "threads": torch.get_num_threads(),
        "arithmetic": "as in train, eval and search",
        **arithmetic(device),
        "num_classes": how.classes,
        "step": {"infer": INFER, "train": TRAIN},
        "memory": HOW[device.type],
        "warm_up": f"the first step, then {WARM_STEPS} and at least {WARM_SECONDS:g} s",
        "rounds": how.rounds,
        "seconds": how.seconds,
        "fewest_rounds": FEWEST_ROUNDS,
        "seed": 0,
    }


@contextmanager
def tuned(how: Settings) -> Generator[None]:
    """Use the requested number of threads and the training arithmetic within the block."""
    threads = torch.get_num_threads()
    torch.set_num_threads(how.threads or threads)
    try:
        with fast_arithmetic(device_of(how.device)):
            yield
    finally:
        torch.set_num_threads(threads)


def load_average() -> float | None:
    """Return the load average of the last minute; None if the system does not report it."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
