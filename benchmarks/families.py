"""How long a step takes, and how much memory, beside timm's: a network per family and size class.

Ours is channels-last, timm's both channels-last and contiguous; the sides take turns, a step each,
so that a slow moment of the machine falls on all. A ratio is ours over timm's quicker layout: the
median over the rounds, each paired with timm's step of the same round. Steps, clocks and memory are
those of `designspace bench`, networks are first proved to be the same function.

Run by hand: `python -m benchmarks.families [NAME ...] [--device cuda] [--compiled] [--threads 2]`;
writes `benchmarks/records/families_<device>[_compiled].json` after each row.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timm
import torch
from torch import nn

import designspace
from designspace.benchmarking.clock import Times, take_turns, warm_up
from designspace.benchmarking.counterpart import counterpart_name, make_counterpart, prove_same
from designspace.benchmarking.machine import machine
from designspace.benchmarking.memory import memory_of
from designspace.benchmarking.settings import Settings
from designspace.benchmarking.steps import Step, make_step

POOLED = {"head.norm_at": "after_pool", "head.norm": {"kind": "layernorm", "eps": 1e-6}}
# timm's ConvNeXt has four stages, our proxy three: the small one is the proxy with four
FOUR = {"depths": [1, 1, 2, 1], "widths": [32, 64, 128, 256], "stem.patch_size": 4}
NAMES = (
    "convnext_t", "convnextv2_atto", "convnextv2_tiny", "resnet50", "resnext50_32x4d",
    "regnetx_004", "swin_t", "deit_s", "poolformer_s12", "convnext_proxy",
)  # fmt: skip
SMALL = {"convnext_proxy", "convnextv2_atto"}
OURS, LAST, CONTIGUOUS = "ours", "timm, channels-last", "timm, contiguous"


@dataclass(frozen=True)
class Case:
    """What a row measures."""

    name: str
    side: int
    batch: int
    mode: Any

    def __str__(self) -> str:
        return f"{self.name} {self.mode} {self.side} px batch {self.batch}"


def cases(names: tuple[str, ...]) -> list[Case]:
    """The table: 224 pixels at batch 1 and 8, small sides at batch 1 and 64."""
    large = [(224, 1, "infer"), (224, 8, "infer"), (224, 8, "train")]
    small = [(32, 1, "infer"), (32, 64, "train"), (64, 64, "infer"), (64, 64, "train")]
    found = [Case(n, *row) for n in names if n != "convnext_proxy" for row in large]
    return found + [Case(n, *row) for n in names if n in SMALL for row in small]


def pair(case: Case) -> tuple[nn.Module, nn.Module]:
    """Ours and timm's network with the same weights."""
    changes: dict[str, Any] = POOLED if case.name.startswith("poolformer") else {}
    spec: Any = designspace.load(case.name, FOUR if case.name == "convnext_proxy" else changes)
    ours = designspace.build(spec, input_size=case.side)
    if case.name == "convnext_proxy":
        theirs: nn.Module = timm.models.convnext.ConvNeXt(
            depths=spec.depths, dims=spec.stage_widths, patch_size=spec.stem.patch_size,
            ls_init_value=spec.block[0].layer_scale_init,
        )  # fmt: skip
        return ours, theirs
    name = counterpart_name(spec, "timm")
    theirs = make_counterpart(name, Settings(), case.side)
    prove_same(ours, theirs, name, case.side)
    return ours, theirs


def measured(case: Case, how: Settings) -> dict[str, Any]:
    """A row."""
    device, load = torch.device(how.device), os.getloadavg()[0]
    ours, theirs = pair(case)
    shape = (case.batch, 3, case.side, case.side)
    images = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device)
    layouts: tuple[tuple[str, nn.Module, Any], ...] = (
        (OURS, ours, "channels_last"),
        (LAST, theirs, "channels_last"),
        (CONTIGUOUS, theirs, "contiguous"),
    )
    ready: dict[str, tuple[Step, Times]] = {}
    for side, module, layout in layouts:
        settings = Settings(device=how.device, layout=layout, compiled=how.compiled)
        step = make_step(module, case.mode, images, settings)
        ready[side] = step, warm_up(step.run, device)
    take_turns({side: (step.run, times) for side, (step, times) in ready.items()}, device, how)
    memory = {side: memory_of(step, device) for side, (step, _) in ready.items()}
    seconds = {side: times.step for side, (_, times) in ready.items()}
    best = min((LAST, CONTIGUOUS), key=lambda side: statistics.median(seconds[side]))
    ratios = [a / b for a, b in zip(seconds[OURS], seconds[best], strict=True)]
    return {
        "network": case.name,
        "mode": case.mode,
        "input_size": case.side,
        "batch_size": case.batch,
        "n": len(ratios),
        "ratio": spread(ratios),
        "timms_best": best,
        "milliseconds": {side: spread([1e3 * s for s in times]) for side, times in seconds.items()},
        "peak_bytes": memory,
        "memory_ratio": round(memory[OURS] / min(memory[LAST], memory[CONTIGUOUS]), 4),
        "load": [round(load, 2), round(os.getloadavg()[0], 2)],
    }


def spread(values: list[float]) -> dict[str, float]:
    """Median, least and most."""
    found = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(value, 4) for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=30.0)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    how = Settings(
        device=chosen.device, compiled=chosen.compiled, rounds=chosen.rounds,
        seconds=chosen.seconds,
    )  # fmt: skip
    word = "_compiled" if chosen.compiled else ""
    path = Path(__file__).parent / "records" / f"families_{chosen.device}{word}.json"
    rows: list[dict[str, Any]] = []
    for case in cases(tuple(chosen.names)):
        rows.append(measured(case, how))
        gc.collect()
        torch.compiler.reset()
        last = rows[-1]
        print(f"{case}: {last['ratio']['median']} of timm's time, {last['memory_ratio']} of its "
              f"memory (n = {last['n']}, load {last['load'][1]})", flush=True)  # fmt: skip
        record = {
            "command": " ".join(["python -m benchmarks.families", *sys.argv[1:]]),
            "compiled": chosen.compiled,
            "threads": chosen.threads,
            "seed": 0,
            "environment": machine(torch.device(chosen.device)),
            "rows": rows,
        }
        path.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
