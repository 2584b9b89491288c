"""Our networks beside timm's: throughput in training and inference, in turn in one process."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.gpu.point import Facts, Place, Point

NETWORKS = (
    "convnext_t", "convnextv2_tiny", "resnet50", "resnext50_32x4d", "regnetx_016", "swin_t",
    "deit_s", "poolformer_s12",
)  # fmt: skip
WANTED = {"cuda": ("bfloat16", "128", "6"), "cpu": ("float32", "1", "0.1")}


def eager(place: Place) -> Facts:
    """Eager against eager."""
    return _timed(place)


def compiled(place: Place) -> Facts:
    """Compiled against compiled."""
    return _timed(place, "--compile")


def _timed(place: Place, *options: str) -> Facts:
    precision, batch, seconds = WANTED[place.device]
    names = NETWORKS if place.device == "cuda" else NETWORKS[:1]
    out = place.folder / "bench.json"
    place.command(
        "bench", *names, "--against=timm", "--mode=infer,train", f"--batch-size={batch}",
        f"--precision={precision}", f"--seconds={seconds}", f"--device={place.device}",
        f"--out={out}", *options,
    )  # fmt: skip
    record: Any = json.loads(out.read_text())
    return dict(record)


POINTS = (
    Point("bench", "every family beside timm, eager", eager, seconds=300),
    Point("bench_compiled", "every family beside timm, compiled", compiled, ("gpu",), 420),
)
