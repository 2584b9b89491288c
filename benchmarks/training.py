"""How many images a second are trained on, by our step and by that of timm's training script.

Both sides have the same network, random images on the device, cross-entropy with label smoothing
and AdamW; timm's step is put together from timm's own parts as its `train.py` does it. Sides take
turns, a step each, so that a slow moment of the machine falls on all. timm as its script runs by
default is contiguous and eager.

Run by hand: `python -m benchmarks.training [--device cuda] [--no-compile]`; writes
`benchmarks/records/training_<device>.json`. On a GPU the precision is bfloat16, and the three
slowest operators of each side, from a profile, go into the record.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import timm
import torch
from timm.optim._optim_factory import create_optimizer_v2
from torch import Tensor, nn

import designspace
from designspace.compiler import BuiltNetwork
from designspace.records.environment import environment
from designspace.spec.recipe.recipe import Recipe, load_recipe
from designspace.training.clock import Clock
from designspace.training.distributed import ALONE
from designspace.training.loop import Position, Trainer
from designspace.training.optimisation.from_recipe import make_optimizer
from designspace.training.optimisation.schedule import make_schedule

Step = Callable[[], None]
DEFAULT = "timm, contiguous"


class Job:
    """One network at one size and batch."""

    def __init__(self, name: str, side: int, batch: int, rounds: int) -> None:
        self.side, self.batch, self.rounds = side, batch, rounds
        # timm's ConvNeXt has four stages, our proxy three: the small one is the proxy with four.
        four: dict[str, Any] = {"depths": [1, 1, 2, 1], "widths": [32, 64, 128, 256]}
        four["stem.patch_size"] = 4
        self.network = designspace.load(name, four if name == "convnext_proxy" else None)
        self.name = self.network.name

    def timms(self) -> nn.Module:
        """timm's network of the same architecture."""
        network: Any = self.network
        model = timm.models.convnext.ConvNeXt(
            depths=network.depths, dims=network.stage_widths, patch_size=network.stem.patch_size,
            ls_init_value=network.block[0].layer_scale_init,
        )  # fmt: skip
        assert (
            sum(p.numel() for p in model.parameters())
            == designspace.cost(network, self.side).params
        )
        return model


CPU_JOBS = (Job("convnext_t", 224, 8, 6), Job("convnext_proxy", 64, 64, 40))
GPU_JOBS = (Job("convnext_t", 224, 256, 40), Job("convnext_proxy", 64, 512, 100))


def batches(job: Job, device: torch.device, layout: torch.memory_format) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(0)
    images = torch.randn(job.batch, 3, job.side, job.side, generator=draw)
    labels = torch.randint(1000, (job.batch,), generator=draw)
    return images.to(device).contiguous(memory_format=layout), labels.to(device)


def recipe_of(job: Job, device: torch.device) -> Recipe:
    precision = "bfloat16" if device.type == "cuda" else "float32"
    change = {"batch_size": job.batch, "precision": precision, "ema": None, "grad_clip": None}
    return load_recipe("demo", {**change, "epochs": 1000})


def ours(job: Job, device: torch.device, *, compiled: bool) -> Step:
    """Our step, as `designspace train` runs it."""
    recipe = recipe_of(job, device)
    model: BuiltNetwork = designspace.build(job.network, input_size=job.side)
    model.to(device, memory_format=torch.channels_last)
    optimizer = make_optimizer(model, recipe)
    forward: Any = torch.compile(model) if compiled else model
    trainer = Trainer(
        model=model, forward=forward, optimizer=optimizer,
        schedule=make_schedule(optimizer, recipe, 1000), mixup=None, ema=None, recipe=recipe,
        device=device, seed=0, group=ALONE,
    )  # fmt: skip
    batch = batches(job, device, torch.channels_last)
    clock = Clock(device)
    forward.train()

    def step() -> None:
        trainer.epoch(1, [batch], 1000, clock, lambda _done, _losses: None, Position())

    return step


def timms(job: Job, device: torch.device, layout: torch.memory_format, *, compiled: bool) -> Step:
    """The step of timm's `train.py`: autocast where it is on, backward, step, zero_grad."""
    recipe = recipe_of(job, device)
    model = job.timms().to(device)
    if layout == torch.channels_last:
        model.to(memory_format=torch.channels_last)
    optimizer = create_optimizer_v2(model, "adamw", lr=1e-3, weight_decay=0.05)
    criterion = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
    forward: Any = torch.compile(model) if compiled else model
    images, labels = batches(job, device, layout)
    forward.train()
    half = recipe.precision == "bfloat16"

    def step() -> None:
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=half):
            loss = criterion(forward(images), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        loss.item()  # ours looks at its loss too

    return step


def sides(job: Job, device: torch.device, *, compiled: bool) -> Iterator[tuple[str, Step]]:
    for way in (False, True) if compiled else (False,):
        word = ", compiled" if way else ""
        yield f"designspace{word}", ours(job, device, compiled=way)
        yield f"timm, contiguous{word}", timms(job, device, torch.contiguous_format, compiled=way)
        yield f"timm, channels-last{word}", timms(job, device, torch.channels_last, compiled=way)


def seconds(step: Step, device: torch.device) -> tuple[float, float]:
    """Of the clock, and of the processor over all threads."""
    began, spent = time.perf_counter(), time.process_time()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began, time.process_time() - spent


def spread(values: list[float], batch: int) -> dict[str, float]:
    """Images a second: median, and 10th and 90th percentile."""
    rates = sorted(batch / value for value in values)
    tenths = statistics.quantiles(rates, n=10)
    found = {"median": statistics.median(rates), "p10": tenths[0], "p90": tenths[-1]}
    return {name: round(value, 3) for name, value in found.items()}


def slowest(step: Step) -> list[dict[str, Any]]:
    """The three operators that take the GPU longest in a step."""
    with torch.profiler.profile() as profile:
        step()
        torch.cuda.synchronize()
    rows: list[Any] = list(profile.key_averages())
    total = sum(row.self_device_time_total for row in rows) or 1
    rows.sort(key=lambda row: -row.self_device_time_total)
    return [
        {"operator": row.key, "share": round(row.self_device_time_total / total, 3)}
        for row in rows[:3]
    ]


def measured(job: Job, device: torch.device, *, compiled: bool) -> dict[str, Any]:
    steps = dict(sides(job, device, compiled=compiled))
    for name, step in steps.items():
        print(f"{job.name}: warming up {name}", file=sys.stderr, flush=True)
        for _ in range(3):
            seconds(step, device)
    wall: dict[str, list[float]] = {name: [] for name in steps}
    processor: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(job.rounds):
        print(f"{job.name}: round {turn + 1}", file=sys.stderr, flush=True)
        for name, step in steps.items():
            clock, spent = seconds(step, device)
            wall[name].append(clock)
            processor[name].append(spent)
    macs = designspace.cost(job.network, job.side).macs
    rows = {
        name: {
            "images_per_second": spread(wall[name], job.batch),
            "images_per_cpu_second": spread(processor[name], job.batch),
            "over_timms_default": {
                "wall": ratio(wall[DEFAULT], wall[name]),
                "processor": ratio(processor[DEFAULT], processor[name]),
            },
            **({"slowest": slowest(step)} if device.type == "cuda" else {}),
        }
        for name, step in steps.items()
    }
    facts = {
        "digest": job.network.digest,
        "input_size": job.side,
        "batch_size": job.batch,
        "n": job.rounds,
        "macs": macs,
    }
    return {**facts, "sides": rows}


def ratio(theirs: list[float], mine: list[float]) -> float:
    """The median, over the rounds, of how many times as quick."""
    return round(statistics.median(a / b for a, b in zip(theirs, mine, strict=True)), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--no-compile", action="store_true")
    chosen = parser.parse_args()
    device = torch.device(chosen.device)
    jobs = GPU_JOBS if device.type == "cuda" else CPU_JOBS
    load = os.getloadavg()[0]
    found = {job.name: measured(job, device, compiled=not chosen.no_compile) for job in jobs}
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    record = {
        "command": " ".join(["python -m benchmarks.training", *sys.argv[1:]]),
        "device": name,
        "threads": torch.get_num_threads(),
        "load": [round(load, 2), round(os.getloadavg()[0], 2)],
        "seed": 0,
        "networks": found,
        "environment": environment(),
    }
    path = Path(__file__).parent / "records" / f"training_{device.type}.json"
    path.write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
