"""What a recipe for small images owes to each of its choices, beside the ImageNet recipe copied.

One network on CIFAR-10-like images: the recipe `proxy_32`, the recipe `convnext_1k` copied (its
epochs and its warm-up cut alike, its lr scaled to the batch), and `proxy_32` with one choice at a
time as in the copy. Every training is a `designspace train` of its own, with a record; two run at a
time, a thread each. Selection is by nothing: the last epoch's weights are tested once.

Run by hand: `python -m benchmarks.proxy_recipe --data cifar10.npz`; goes on where it stopped, and
writes `benchmarks/records/proxy_recipe.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from designspace.records.run import Record, read_record
from designspace.spec.recipe.recipe import load_recipe

NETWORK, SIDE, EPOCHS, BATCH = "convnext_proxy", 32, 12, 64
COPIED = load_recipe("convnext_1k")
WARMUP = COPIED.schedule.warmup_epochs * EPOCHS / COPIED.epochs
# What of the copy is put into the proxy's recipe, a choice at a time.
GROUPS = {
    "learning rate": ["optimizer.lr", "optimizer.reference_batch"],
    "moving average": ["ema"],
    "mixing, RandAugment, erasing": ["mixup", "cutmix", "rand_augment", "random_erasing"],
    "crop, in training and test": ["crop", "test"],
    "first weights": ["init"],
    "drop path": ["drop_path_rate"],
}


@dataclass(frozen=True)
class Case:
    """A recipe, and the seeds to train with."""

    name: str
    recipe: str
    changes: dict[str, Any]
    seeds: int

    def words(self, seed: int, data: Path, out: Path) -> list[str]:
        """The command."""
        changes = {"epochs": EPOCHS, "batch_size": BATCH, **self.changes}
        sets = [f"--recipe-set={path}={json.dumps(value)}" for path, value in changes.items()]
        return [
            "train", NETWORK, f"--set=input_size={SIDE}", "--recipe", self.recipe, *sets,
            "--data", str(data), "--seed", str(seed), "--device", "cpu", "--out", str(out),
        ]  # fmt: skip


def cases(seeds: int) -> list[Case]:
    """The two recipes, then one choice at a time."""
    full = COPIED.plain()
    found = [
        Case("proxy_32", "proxy_32", {}, seeds),
        Case("convnext_1k, copied", "convnext_1k", {"schedule.warmup_epochs": WARMUP}, seeds),
    ]
    for group, paths in GROUPS.items():
        changes: dict[str, Any] = {}
        for path in paths:
            value: Any = full
            for key in path.split("."):
                value = value[key]
            changes[path] = value
        found.append(Case(f"proxy_32, but the copy's {group}", "proxy_32", changes, 1))
    return found


def trained(case: Case, seed: int, data: Path, runs: Path) -> Record:
    """The record of one training; trained where it is not there yet."""
    place = runs / f"{re.sub(r'[^a-z0-9]+', '_', case.name.lower())}-s{seed}"
    command = [sys.executable, "-m", "designspace", *case.words(seed, data, place)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    print(f"{case.name}, seed {seed}: done", file=sys.stderr, flush=True)
    return read_record(place)


def row(case: Case, records: list[Record]) -> dict[str, Any]:
    tests = [record.test.top1 for record in records if record.test]
    vals = [record.top1 for record in records if record.top1 is not None]
    several = len(tests) > 1
    minutes = [sum(epoch.seconds for epoch in record.epochs) / 60 for record in records]
    return {
        "case": case.name,
        "changes": case.changes,
        "recipe": records[0].recipe.digest,
        "learning_rate": records[0].learning_rate,
        "n": len(tests),
        "seeds": [record.seed for record in records],
        "test_top1": [round(x, 2) for x in tests],
        "test_mean": round(statistics.mean(tests), 2),
        "test_std": round(statistics.stdev(tests), 2) if several else None,
        "val_mean": round(statistics.mean(vals), 2),
        "train_loss": round(statistics.mean(r.epochs[-1].train_loss for r in records), 3),
        "minutes": round(statistics.median(minutes), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=Path("runs/proxy_recipe"))
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    wanted = [(case, seed) for case in cases(chosen.seeds) for seed in range(case.seeds)]
    with ThreadPoolExecutor(2) as pool:
        records = list(
            pool.map(lambda each: trained(*each, chosen.data.absolute(), chosen.runs), wanted)
        )
    by_case: dict[str, list[Record]] = {}
    for (case, _), record in zip(wanted, records, strict=True):
        by_case.setdefault(case.name, []).append(record)
    first = records[0]
    record = {
        "command": "python -m benchmarks.proxy_recipe --data cifar10.npz",
        "network": {"name": NETWORK, "digest": first.spec.digest, "input_size": SIDE},
        "epochs": EPOCHS,
        "batch_size": BATCH,
        "data": first.data.model_dump(mode="json"),
        "device": first.device.model_dump(mode="json"),
        "rows": [row(case, by_case[case.name]) for case in cases(chosen.seeds)],
        "environment": first.attempts[0].environment,
    }
    path = Path(__file__).parent / "records" / "proxy_recipe.json"
    path.write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps(record["rows"], indent=2))


if __name__ == "__main__":
    main()
