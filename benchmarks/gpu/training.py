"""Training: every family, every way to augment and mix, precision, compilation, resume."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

import designspace
from benchmarks.gpu.point import Facts, Place, Point, expect
from designspace.images.data import load_data
from designspace.images.loading.batches import TrainBatches
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.evaluate import view_of

CLASSES = 5
CLOSE = 0.03
"""Relative difference of a first loss or gradient norm that TF32 and other kernels may make."""
FAMILIES = (
    "convnext_t", "convnextv2_atto", "convnext_iso_s", "resnet50", "resnext50_32x4d",
    "regnetx_002", "swin_t", "deit_s", "poolformer_s12",
)  # fmt: skip
AUGMENTED: dict[str, Any] = {
    "crop": {"kind": "resized", "scale": [0.3, 1.0]},
    "rand_augment": "rand-m9-mstd0.5-inc1",
    "random_erasing": 0.25,
    "mixup": 0.8,
    "cutmix": 1.0,
    "batch_size": 64,
    "epochs": 2,
}


def families(place: Place) -> Facts:
    """One step of each family, beside the same step on the CPU."""
    found: dict[str, Any] = {}
    for name in FAMILIES:
        here, cpu = _first_step(name, place.device), _first_step(name, "cpu")
        found[name] = {"loss": here[0], "gradient_norm": here[1], "cpu": list(cpu)}
        for mine, theirs in zip(here, cpu, strict=True):
            expect(
                abs(mine - theirs) <= CLOSE * abs(theirs),
                f"{name}: loss and gradient norm {here}, {cpu} on the CPU",
            )
    return found


def _first_step(name: str, device: str) -> tuple[float, float]:
    """Loss and norm of the gradient of a network at its first weights."""
    network = designspace.load(name)
    torch.manual_seed(0)
    model: Any = designspace.build(network, num_classes=CLASSES, input_size=64)
    model.to(device, memory_format=torch.channels_last)
    images = torch.randn(8, 3, 64, 64, generator=torch.Generator().manual_seed(0)).to(device)
    labels = (torch.arange(8) % CLASSES).to(device)
    model.eval()  # batch norm over few images would enlarge what rounding does
    loss: Tensor = functional.cross_entropy(model(images), labels)
    loss.backward()
    gradients: list[Tensor] = [p.grad for p in model.parameters() if p.grad is not None]
    norms = torch.stack([gradient.square().sum() for gradient in gradients])
    return round(float(loss), 5), round(float(norms.sum().sqrt()), 5)


def batches(place: Place) -> Facts:
    """Augmented batches, decoded and streamed, beside those made on the CPU."""
    recipe = load_recipe("demo", AUGMENTED)
    found: dict[str, Any] = {}
    for kind, source in (("decoded", place.arrays()), ("streamed", place.files())):
        data = load_data(str(source), image_size=32 if kind == "decoded" else None)
        view = view_of(data, 32, recipe.test)
        worst = 0.0
        sides = (
            TrainBatches(_on(data.train, device), recipe, view, torch.device(device), seed=0)
            for device in (place.device, "cpu")
        )
        pairs = zip(*(side.epoch(1) for side in sides), strict=True)
        for (mine, labels), (theirs, others) in pairs:
            expect(torch.equal(labels.cpu(), others), f"{kind}: other labels than on the CPU")
            worst = max(worst, float((mine.cpu() - theirs).abs().gt(0.05).float().mean()))
        found[kind] = {"share_of_values_apart": round(worst, 6)}
        expect(worst < 0.01, f"{kind}: {worst:.1%} of a batch differ from the CPU's")
    return found


def _on(split: Any, device: str) -> Any:
    return split.to(torch.device(device)) if hasattr(split, "pixels") else split


def plain(place: Place) -> Facts:
    """Float32, the demo recipe: the network learns."""
    return _learned(place, "plain")


def bfloat16(place: Place) -> Facts:
    """The same in bfloat16."""
    return _learned(place, "bfloat16", "--recipe-set", "precision=bfloat16")


def compiled(place: Place) -> Facts:
    """The same, compiled."""
    return _learned(place, "compiled", "--compile")


def everything(place: Place) -> Facts:
    """Augmentation, mixing, accumulation and the moving average at once, on streamed files."""
    words = [f"--recipe-set={name}={json.dumps(value)}" for name, value in AUGMENTED.items()]
    options = ("--recipe-set=accumulation=2", *words)
    return _trained(place, place.files(), "everything", *options)


def _learned(place: Place, name: str, *options: str) -> Facts:
    facts = _trained(
        place, place.arrays(), name, "--recipe-set=epochs=4", "--recipe-set=batch_size=16", *options
    )
    expect(facts["top1"] > 60, f"validation top-1 {facts['top1']:.1f} % of four easy classes")
    return facts


def _trained(place: Place, source: Path, name: str, *options: str) -> Facts:
    out = place.folder / name
    place.command(*_words(place, source, out), *options)
    record = json.loads((out / "record.json").read_text())
    expect(record["outcome"]["state"] == "complete", f"the record says {record['outcome']}")
    last = record["epochs"][-1]
    return {
        "top1": last["top1"],
        "train_loss": [epoch["train_loss"] for epoch in record["epochs"]],
        "images_per_second": round(last["images_per_second"], 1),
        "peak_memory": last["peak_memory"],
        "device": record["attempts"][-1]["device"]["name"],
    }


def _words(place: Place, source: Path, out: Path) -> tuple[str, ...]:
    return (
        "train", "convnext_proxy", "--data", str(source), "--device", place.device,
        "--out", str(out),
    )  # fmt: skip


def resume(place: Place) -> Facts:
    """Killed with SIGKILL inside an epoch, the same command ends where an unbroken run ends."""
    words = [*_words(place, place.arrays(), place.folder / "killed"), "--recipe-set=epochs=3"]
    words += ["--recipe-set=batch_size=16", "--save-every=0.2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "designspace", *words], cwd=place.folder, env=place.variables,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    checkpoint = place.folder / "killed" / "checkpoint.pt"
    until = time.monotonic() + 90
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    expect(process.poll() is None, "the training ended before it could be killed")
    process.send_signal(signal.SIGKILL)
    process.wait()
    expect(checkpoint.exists(), "no checkpoint within 90 s")
    place.command(*words)
    whole = [word.replace("killed", "whole") for word in words]
    place.command(*whole)
    ends = [_ending(place.folder / name) for name in ("killed", "whole")]
    expect(len(ends[0]["attempts"]) == 2, "the second command did not go on from the first")
    losses = [[epoch["train_loss"] for epoch in end["epochs"]] for end in ends]
    apart = max(abs(a - b) / b for a, b in zip(*losses, strict=True))
    expect(apart <= CLOSE, f"train losses {losses[0]} after a kill, {losses[1]} without")
    return {"losses": losses, "relative_difference": apart}


def _ending(directory: Path) -> Any:
    return json.loads((directory / "record.json").read_text())


POINTS = (
    Point("families", "one step of every family gives the CPU's loss and gradient", families),
    Point("batches", "augmented batches, decoded and streamed, are the CPU's", batches),
    Point("train", "a float32 training learns", plain),
    Point("bfloat16", "a bfloat16 training learns", bfloat16),
    Point("compile", "a compiled training learns", compiled, seconds=300),
    Point("everything", "streamed, augmented, mixed, accumulated and averaged", everything),
    Point("resume", "killed inside an epoch, it goes on and ends alike", resume, seconds=240),
)
