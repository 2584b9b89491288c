"""How far the estimate of a training step's memory is from what torch holds, on fake tensors.

Two things are compared: the activations that autograd keeps on a (fake) GPU, in float32 and in
mixed precision; and the most bytes alive at once in a whole float32 step, forward, backward and
AdamW, on the (fake) CPU. No allocator and no kernel's workspace takes part in either.

Run by hand: `python benchmarks/memory.py`; writes `benchmarks/records/memory.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from designspace.costing import memory
from designspace.records.environment import environment
from designspace.spec import load
from designspace.verification.memory import peak_bytes, saved_bytes

NAMES = (
    "convnext_t", "convnext_iso_s", "convnextv2_tiny", "convnext_proxy", "resnet50", "resnet_proxy",
    "resnext50_32x4d", "swin_t", "deit_s", "poolformer_s12",
)  # fmt: skip
BATCHES = (8, 64)


def compared(name: str, batch_size: int) -> dict[str, Any]:
    """Ours and torch's bytes of one network, and their ratios."""
    network = load(name)
    row: dict[str, Any] = {"network": name, "batch_size": batch_size}
    for precision in ("float32", "bf16"):
        held = memory(network, batch_size=batch_size, precision=precision)
        loss = 4 * 1000 * batch_size  # ours has the loss's too
        ours = held.most.activations - loss
        row[f"activations_{precision}"] = _pair(ours, saved_bytes(network, batch_size, precision))
    ours = memory(network, batch_size=batch_size).peak
    return row | {"peak_float32": _pair(ours, peak_bytes(network, batch_size))}


def _pair(ours: int, torch: int) -> dict[str, Any]:
    return {"ours": ours, "torch": torch, "percent": round(100 * (ours / torch - 1), 3)}


def main() -> None:
    rows = [compared(name, batch_size) for name in NAMES for batch_size in BATCHES]
    kinds = ("activations_float32", "activations_bf16", "peak_float32")
    largest = {kind: max((row[kind]["percent"] for row in rows), key=abs) for kind in kinds}
    record = {
        "command": "python benchmarks/memory.py",
        "n": len(rows),
        "largest_deviation_percent": largest,
        "rows": rows,
        "environment": environment(),
    }
    path = Path(__file__).parent / "records" / "memory.json"
    path.write_text(json.dumps(record, indent=2) + "\n")
    for row in rows:
        print(row["network"], row["batch_size"], *(row[kind]["percent"] for kind in kinds))
    print(json.dumps(largest))


if __name__ == "__main__":
    main()
