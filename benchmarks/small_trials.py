"""How long a whole trial of two epochs takes, beside timm's network, parts and a DataLoader.

Run by hand: `python -m benchmarks.small_trials --data cifar10.npz [--checkout NAME=DIRECTORY]...`;
writes `benchmarks/records/small_trials.json`. Unlike `small_images`, which gives both sides our
network and step, this compares complete trials: building, training, validation and a checkpoint per
epoch. The other side is what a script with timm has: timm's ConvNeXt of the same shape, optimizer,
schedule and moving average, and torchvision's transforms in a DataLoader.

Every measurement is a process of its own, and sides take turns. Each named checkout of this
repository is another side, so that one run compares commits. Imports are not measured.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.small_images import summary
from designspace.images.data import Data, load_data
from designspace.images.split import DecodedSplit
from designspace.records.environment import environment
from designspace.spec import load
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe, load_recipe
from designspace.training.run import Run

EPOCHS, VALIDATED = 2, 256
WIDTHS: dict[str, list[int]] = {
    "full": [32, 64, 128],
    "half": [16, 32, 64],
    "quarter": [8, 16, 32],
}
TIMM = "timm and DataLoader"
Trial = Callable[[Network, Recipe, Data], object]


def ours(network: Network, recipe: Recipe, data: Data) -> None:
    """Train as a study does, in a directory of its own."""
    with tempfile.TemporaryDirectory() as directory:
        run = Run(network, recipe, data, seed=0, device="cpu", directory=Path(directory))
        for _ in range(EPOCHS):
            run.train_epoch()


def processor() -> float:
    """CPU seconds of this process and of the workers that it started and that have ended."""
    gc.collect()
    return sum(os.times()[:4])


def measure(trial: Trial, data: Data, batch_size: int) -> dict[str, dict[str, float]]:
    """Seconds of one trial per width, by the clock and of the CPU, after one that warms up."""
    crop = {"kind": "pad", "padding": 4}
    changes = {"batch_size": batch_size, "crop": crop, "epochs": EPOCHS}
    recipe = load_recipe("demo", changes)
    rows: dict[str, dict[str, float]] = {}
    for name in ("quarter", *WIDTHS):  # the first one warms up
        network = load("convnext_proxy", {"widths": WIDTHS[name]})
        began, cpu = time.perf_counter(), processor()
        trial(network, recipe, data)
        rows[name] = {"clock": time.perf_counter() - began, "cpu": processor() - cpu}
    return rows


def cut(data: Data, images: int) -> Data:
    """The first images of the training split, and a small validation split."""
    assert isinstance(data.train, DecodedSplit)
    assert isinstance(data.val, DecodedSplit)
    train, val = data.train.take(range(images)), data.val.take(range(VALIDATED))
    return replace(data, train=train, val=val)


def in_turn(args: argparse.Namespace, sides: dict[str, Path]) -> dict[str, Any]:
    """A process per side and round; the values by side, width and clock."""
    found: dict[str, Any] = {}
    for number in range(args.rounds):
        for side, checkout in sides.items():
            command = [sys.executable, __file__, *sys.argv[1:], "--one", side]
            path = os.pathsep.join([str(checkout), str(Path(__file__).parents[1])])
            settings = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": str(args.threads)}
            done = subprocess.run(command, env=settings, stdout=subprocess.PIPE, check=True)
            for width, row in json.loads(done.stdout).items():
                for clock, seconds in row.items():
                    found.setdefault(width, {}).setdefault(side, {}).setdefault(clock, []).append(
                        seconds
                    )
            print(number, side, done.stdout.decode().strip(), file=sys.stderr)
    return found


def row_of(width: str, sides: dict[str, dict[str, list[float]]]) -> dict[str, Any]:
    """Medians per side, and how many times as long timm's side took, round by round."""
    seconds = {s: {c: summary(v) for c, v in clocks.items()} for s, clocks in sides.items()}
    times = {
        side: {
            clock: summary([b / a for a, b in zip(v, sides[TIMM][clock], strict=True)])
            for clock, v in clocks.items()
        }
        for side, clocks in sides.items()
        if side != TIMM
    }
    return {"widths": WIDTHS[width], "seconds": seconds, "timm_takes_times_as_long": times}


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="an .npz of small images; default: the packaged ones")
    parser.add_argument("--images", type=int, default=1280, help="images per epoch")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="of torch")
    parser.add_argument("--checkout", action="append", default=[], help="NAME=DIRECTORY")
    parser.add_argument("--out", default="small_trials.json", help="name of the record")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    args = parsed()
    torch.set_num_threads(args.threads)
    data = cut(load_data(args.data), args.images)
    if args.one:
        from benchmarks.small_timm import trial as timms

        print(json.dumps(measure(timms if args.one == TIMM else ours, data, args.batch_size)))
        return
    root, load_before = Path(__file__).parents[1], os.getloadavg()
    named = dict(one.split("=", 1) for one in args.checkout)
    sides = {name: Path(place).resolve() for name, place in named.items()}
    rows = in_turn(args, {**sides, "designspace": root, TIMM: root})
    record = {
        "command": f"python -m benchmarks.small_trials --rounds {args.rounds} --images "
        f"{args.images} --batch-size {args.batch_size} --threads {args.threads}",
        "data": {"name": data.name, "digest": data.digest, "images_per_epoch": args.images},
        "sides": [*named, "designspace", TIMM],
        "batch_size": args.batch_size,
        "epochs_per_trial": EPOCHS,
        "validated_per_epoch": VALIDATED,
        "n": args.rounds,
        "threads": args.threads,
        "load_average": {"before": load_before, "after": os.getloadavg()},
        "rows": {width: row_of(width, sides) for width, sides in rows.items()},
        "environment": environment(),
    }
    path = Path(__file__).parent / "records" / args.out
    path.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
