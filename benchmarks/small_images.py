"""Training on small images: our batches against a standard DataLoader of torchvision's transforms.

Run by hand: `python benchmarks/small_images.py --data cifar10.npz`; writes
`benchmarks/records/small_images.json`. Both sides train the same network from the same weights with
the same optimizer and the very same step; they differ in what feeds it. Trials alternate, so that a
slow moment of the machine falls on both.
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

import torch
from PIL import Image, ImageOps
from timm.data.auto_augment import rand_augment_transform
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from designspace.compiler import build
from designspace.compiler.device import device_of
from designspace.images.data import load_data
from designspace.images.loading.batches import Batch, TrainBatches
from designspace.images.randomness import seed_everything
from designspace.images.split import DecodedSplit
from designspace.images.view import View
from designspace.records.environment import environment
from designspace.spec import load
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe, load_recipe
from designspace.training.clock import PHASES, Clock
from designspace.training.distributed import ALONE
from designspace.training.evaluate import view_of
from designspace.training.forward import forward_of
from designspace.training.loop import Position, Trainer
from designspace.training.optimisation.from_recipe import make_ema, make_mixup, make_optimizer
from designspace.training.optimisation.schedule import make_schedule
from designspace.training.state.init_weights import initialise

POLICY = "rand-m9-mstd0.5-inc1"
PADDING = 4
WORKERS = 2
NETWORKS: dict[str, dict[str, Any]] = {
    "convnext_proxy": {},
    "convnext_proxy, half as wide": {"widths": [16, 32, 64]},
}

Epochs = Callable[[int], Iterator[Batch]]


class Photos(Dataset[tuple[Any, int]]):
    """As torchvision's own CIFAR-10: an array in memory, an image of Pillow's at a time."""

    def __init__(self, split: DecodedSplit, transform: Callable[[Any], Any]) -> None:
        arrays = split.pixels.permute(0, 2, 3, 1).numpy()
        self.arrays = arrays[..., 0] if arrays.shape[-1] == 1 else arrays  # as Pillow has grey ones
        self.labels, self.transform = split.labels.tolist(), transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.transform(Image.fromarray(self.arrays[index])), self.labels[index]


def standard(split: DecodedSplit, recipe: Recipe, view: View, device: torch.device) -> Epochs:
    """The DataLoader that tutorials show; RandAugment is timm's, so that both do the same."""
    fill = tuple(round(255 * value) for value in view.mean)
    steps: list[Any] = [v2.RandomCrop(view.size, PADDING), v2.RandomHorizontalFlip(recipe.flip)]
    if recipe.rand_augment:
        steps.append(_timms(recipe.rand_augment, fill))
    steps += [
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(view.mean, view.std),
    ]
    loader = DataLoader(
        Photos(split, v2.Compose(steps)),
        batch_size=recipe.batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=WORKERS,
        persistent_workers=True,
        pin_memory=device.type == "cuda",
    )

    def epoch(_: int) -> Iterator[Batch]:
        for images, labels in loader:
            images = images.to(device, non_blocking=True, memory_format=torch.channels_last)
            yield images, labels.to(device, non_blocking=True)

    return epoch


def _timms(name: str, fill: tuple[int, ...]) -> Any:
    """timm's policy; its strongest posterize keeps no bit, which Pillow 13 refuses: black."""
    policy = rand_augment_transform(name, {"img_mean": fill})
    for operator in policy.ops:
        if operator.name.startswith("Posterize"):
            operator.aug_fn = _posterize
    return policy


def _posterize(image: Image.Image, bits: int, **_: object) -> Image.Image:
    return ImageOps.posterize(image, bits) if bits else Image.new(image.mode, image.size)


def ours(split: DecodedSplit, recipe: Recipe, view: View, device: torch.device) -> Epochs:
    return TrainBatches(split.to(device), recipe, view, device, seed=0).epoch


SIDES = {"ours": ours, "DataLoader": standard}


def cpu_seconds() -> float:
    """Of this process and of the processes that it started and that run."""
    total, ticks = sum(os.times()[:2]), os.sysconf("SC_CLK_TCK")
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[1]) == os.getpid():
            total += (int(fields[11]) + int(fields[12])) / ticks
    return total


def trainer(spec: Network, recipe: Recipe, view: View, classes: int, device: torch.device) -> Any:
    seed_everything("weights", 0)
    model = build(spec, num_classes=classes, in_channels=len(view.mean), input_size=view.size)
    initialise(model, recipe)
    forward = forward_of(model, device, ALONE, compiled=False)
    optimizer = make_optimizer(model, recipe)
    return Trainer(
        model=model,
        forward=forward,
        optimizer=optimizer,
        schedule=make_schedule(optimizer, recipe, 1),
        mixup=make_mixup(recipe, classes),
        ema=make_ema(model, recipe),
        recipe=recipe,
        device=device,
        seed=0,
        group=ALONE,
    )


def trial(feed: Callable[[], Epochs], epochs: int, steps: int, make: Callable[[], Any]) -> Any:
    """Seconds of a trial from its first batch on, of its epochs, and where they went."""
    train = make()
    device = train.device
    began, cpu = time.perf_counter(), cpu_seconds()
    batches = feed()
    rows: list[dict[str, float]] = []
    for number in range(1, epochs + 1):
        start, clock = time.perf_counter(), Clock(device)
        train.epoch(number, batches(number), steps, clock, lambda *_: None, Position())
        split = clock.split(0.0).model_dump()
        rows.append(
            {"epoch": time.perf_counter() - start, **{name: split[name] for name in PHASES}}
        )
    spent = {"trial": time.perf_counter() - began, "cpu": cpu_seconds() - cpu}
    return spent, rows


def feeding(feed: Callable[[], Epochs], device: torch.device) -> tuple[float, float]:
    """Seconds, and of the CPU, of a second epoch of batches that nothing is done with."""
    batches = feed()
    for _ in batches(1):
        pass
    began, cpu = time.perf_counter(), cpu_seconds()
    for _ in batches(2):
        pass
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began, cpu_seconds() - cpu


def summary(values: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
    }


def compare(spec: Network, recipe: Recipe, split: DecodedSplit, view: View, args: Any) -> Any:
    """Both sides in turn: medians and spread, and the ratio of each pair of trials."""
    device, classes = device_of(args.device), int(split.labels.max()) + 1
    steps = len(split) // recipe.batch_size
    found: dict[str, dict[str, list[float]]] = {name: {} for name in SIDES}
    for _ in range(args.rounds):
        for name, side in SIDES.items():

            def feed(side: Any = side) -> Epochs:
                return side(split, recipe, view, device)

            fed, fed_cpu = feeding(feed, device)
            spent, rows = trial(
                feed, args.epochs, steps, lambda: trainer(spec, recipe, view, classes, device)
            )
            for key, value in {**spent, "feed": fed, "feed_cpu": fed_cpu}.items():
                found[name].setdefault(key, []).append(value)
            for row in rows:
                for key, value in row.items():
                    found[name].setdefault(key, []).append(value)
    ratios = {
        key: summary(
            [b / a for a, b in zip(found["ours"][key], found["DataLoader"][key], strict=True)]
        )
        for key in ("trial", "cpu", "epoch", "feed", "feed_cpu")
    }
    sides = {n: {k: summary(v) for k, v in each.items()} for n, each in found.items()}
    return {"seconds": sides, "times_as_long": ratios}


def _without_folders(words: list[str]) -> list[str]:
    return [Path(word).name for word in words]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="an .npz of small images; default: the packaged ones")
    parser.add_argument("--images", type=int, default=6400, help="images an epoch")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=2, help="of a trial")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="of torch; default: all cores")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    data = load_data(args.data)
    assert isinstance(data.train, DecodedSplit)
    assert data.image_size is not None
    split = data.train.take(range(min(args.images, len(data.train))))
    rows: list[dict[str, Any]] = []
    for network, changes in NETWORKS.items():
        spec = load("convnext_proxy", changes)
        for policy in (None, POLICY):
            recipe = load_recipe(
                "demo",
                {
                    "batch_size": args.batch_size,
                    "crop": {"kind": "pad", "padding": PADDING},
                    "rand_augment": policy,
                },
            )
            view = view_of(data, data.image_size, recipe.test)
            row = compare(spec, recipe, split, view, args)
            rows.append({"network": network, "rand_augment": policy, **row})
            print(json.dumps(rows[-1], indent=1))
    record = {
        "command": " ".join(["python benchmarks/small_images.py", *_without_folders(sys.argv[1:])]),
        "data": {"name": data.name, "digest": data.digest, "images_an_epoch": len(split)},
        "image_size": data.image_size,
        "batch_size": args.batch_size,
        "epochs_a_trial": args.epochs,
        "n": args.rounds,
        "device": args.device,
        "threads": torch.get_num_threads(),
        "loader_workers": WORKERS,
        "load_average": os.getloadavg(),
        "rows": rows,
        "environment": environment(),
    }
    path = Path(__file__).parent / "records" / "small_images.json"
    path.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
