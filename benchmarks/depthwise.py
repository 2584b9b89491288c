"""How long the gradient of a depthwise kernel takes on a CPU: torch's own, and ours.

Maps of ConvNeXt-T's stages at 224 pixels and of the small proxy's at 32, batch 8 and 64, kernel 7,
channels last. In turn, one thread, seconds of CPU time.

Run by hand: `python -m benchmarks.depthwise`; writes `benchmarks/records/depthwise.json`.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from designspace.compiler.kernels.depthwise import of_kernel
from designspace.records.environment import environment

MAPS = [(8, 96, 56), (8, 192, 28), (8, 384, 14), (8, 768, 7), (64, 32, 16), (64, 64, 8)]
SIDE, ROUNDS = 7, 15


def milliseconds(action: Callable[[], Any]) -> float:
    began = time.thread_time()
    action()
    return 1e3 * (time.thread_time() - began)


def torchs(grad: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    """What autograd would call, for the kernel alone."""
    channels, pad = x.shape[1], [SIDE // 2] * 2
    found: Any = torch.ops.aten.convolution_backward.default(
        grad, x, weight, None, [1, 1], pad, [1, 1], False, [0, 0], channels, [False, True, False]
    )
    return found[1]


def row(batch: int, channels: int, side: int) -> dict[str, Any]:
    draw = torch.Generator().manual_seed(0)
    shape = (batch, channels, side, side)
    x, grad = (
        torch.randn(shape, generator=draw).contiguous(memory_format=torch.channels_last)
        for _ in range(2)
    )
    weight = torch.randn(channels, 1, SIDE, SIDE, generator=draw)
    actions: dict[str, Callable[[], Any]] = {
        "forward": lambda: functional.conv2d(x, weight, padding=SIDE // 2, groups=channels),
        "torchs": lambda: torchs(grad, x, weight),
        "ours": lambda: of_kernel(grad, x, (SIDE, SIDE)),
    }
    own, theirs = actions["ours"](), actions["torchs"]()
    times: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(ROUNDS):
        for name, action in actions.items():
            times[name].append(milliseconds(action))
    ratios = [a / b for a, b in zip(times["torchs"], times["ours"], strict=True)]
    return {
        "batch": batch,
        "channels": channels,
        "side": side,
        **{f"{name}_ms": round(statistics.median(each), 3) for name, each in times.items()},
        "times_as_quick": round(statistics.median(ratios), 2),
        "largest_difference": float((own - theirs).abs().max() / theirs.abs().max()),
    }


def main() -> None:
    torch.set_num_threads(1)
    record = {
        "command": "python -m benchmarks.depthwise",
        "n": ROUNDS,
        "kernel_size": SIDE,
        "seed": 0,
        "rows": [row(*each) for each in MAPS],
        "environment": environment(),
    }
    path = Path(__file__).parent / "records" / "depthwise.json"
    path.write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps(record["rows"], indent=2))


if __name__ == "__main__":
    main()
