"""How long it takes to cost a ConvNeXt-like network that was never seen before.

Milliseconds of the process' CPU time, and of the clock, which what else the machine does makes
longer. Garbage collection runs as usual, but for what was imported. Beside it, in the same run and
on the same kind of networks: timm's building of the module (what any counter that runs a module
needs first), torch's `FlopCounterMode` on the meta device, and fvcore's counter on the CPU, both
with the building of our module.

Run by hand: `python benchmarks/costing.py`; writes `benchmarks/records/costing.json`.
"""

from __future__ import annotations

import gc
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from timm.models.convnext import ConvNeXt

from designspace.costing import cost
from designspace.records.environment import environment
from designspace.spec import load
from designspace.verification.counters import by_fvcore, by_torch

SEED, NETWORKS, SLOW_NETWORKS = 0, 1000, 15


def unseen(seed: int) -> Iterator[dict[str, Any]]:
    """ConvNeXt-like networks as plain data, no two of the same depths and widths."""
    draw, seen = random.Random(seed), set[Any]()
    while True:
        depths = [draw.randint(1, 12) for _ in range(4)]
        widths = [8 * draw.randint(4, 96) for _ in range(4)]
        key = (*depths, *widths)
        kernels = [draw.choice([3, 5, 7, 9, 11]) for _ in range(4)]
        if key not in seen:
            seen.add(key)
            yield {
                "depths": depths,
                "widths": widths,
                "act": "gelu",
                "stem": {"kind": "patchify", "patch_size": 4, "norm": "inherit"},
                "block": {
                    "kind": "conv",
                    "ratio": draw.choice([2, 3, 4]),
                    "spatial": {"kind": "conv", "kernel_size": {"per_stage": kernels}},
                    "layer_scale_init": 1e-6,
                },
                "downsample": {"kind": "separate", "norm": "inherit"},
                "head": {"kind": "linear", "norm": "inherit"},
            }


def now() -> np.ndarray:
    """Milliseconds of the process' CPU time and of the clock."""
    return 1e3 * np.array([time.process_time(), time.perf_counter()])


def milliseconds(action: Callable[[], Any]) -> np.ndarray:
    began = now()
    action()
    return now() - began


def closed_form(networks: Iterator[dict[str, Any]]) -> dict[str, list[np.ndarray]]:
    """Of each network: the costing, the same again, and both the loading and the costing."""
    times: dict[str, list[np.ndarray]] = {"cost": [], "load and cost": [], "cost again": []}
    for _ in range(NETWORKS):
        data = next(networks)
        began = now()
        network = load(data)
        loaded = now()
        cost(network)
        ended = now()
        times["cost"].append(ended - loaded)
        times["load and cost"].append(ended - began)
        times["cost again"].append(milliseconds(lambda each=network: cost(each)))
    return times


def with_modules(networks: Iterator[dict[str, Any]]) -> dict[str, list[np.ndarray]]:
    """What others need: a module at least, and a run of it."""
    times: dict[str, list[np.ndarray]] = {"timm's module": [], "torch on meta": [], "fvcore": []}
    for _ in range(SLOW_NETWORKS):
        network = load(next(networks))
        depths, widths = network.depths, network.stage_widths
        times["timm's module"].append(
            milliseconds(lambda d=depths, w=widths: ConvNeXt(3, 1000, depths=d, dims=w))
        )
        times["torch on meta"].append(milliseconds(lambda each=network: by_torch(each)))
        times["fvcore"].append(milliseconds(lambda each=network: by_fvcore(each)))
    return times


def row(times: list[np.ndarray]) -> dict[str, float]:
    """One line of the record."""
    cpu, clock = np.array(times).T
    p05, median, p95 = np.quantile(cpu, [0.05, 0.5, 0.95])
    found = {"median_ms": median, "p05_ms": p05, "p95_ms": p95, "clock_median_ms": np.median(clock)}
    return {"n": len(times)} | {name: round(float(value), 4) for name, value in found.items()}


def main() -> None:
    networks = unseen(SEED)
    # what follows is not to pay for torch's and timm's objects at each garbage collection
    gc.freeze()
    for count in (cost, by_torch, by_fvcore):  # imports and first calls
        count(load(next(networks)))
    times = closed_form(networks) | with_modules(networks)
    rows = {name: row(each) for name, each in times.items()}
    ours = rows["load and cost"]["median_ms"]
    record = {
        "command": "python benchmarks/costing.py",
        "seed": SEED,
        "milliseconds": rows,
        "times_load_and_cost": {n: round(r["median_ms"] / ours, 2) for n, r in rows.items()},
        "environment": environment() | {"load": os.getloadavg()},
    }
    path = Path(__file__).parent / "records" / "costing.json"
    path.write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
