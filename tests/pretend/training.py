"""A training on a pretend GPU, its log cut into the phases of each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from PIL import Image
from torch import Tensor

from designspace.images.containers.directory import read_directory
from designspace.images.data import Data, split_source
from designspace.images.loading import prefetch
from designspace.images.pixels.encoded import Reading
from designspace.images.split import DecodedSplit, Source
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe
from designspace.training import run as runs
from designspace.training.clock import PHASES, Clock
from designspace.training.run import Run
from designspace.training.state import checkpoint
from tests.pretend.gpu import PretendGpu, pretend_gpu
from tests.pretend.log import Counts, Log


@dataclass(frozen=True)
class Trace:
    """What a training asked of the GPU.

    Attributes:
        steps: For each step what happened in each phase.
        other: The rest: `setup`, `validation`, `checkpoint`, `between` these.
        run: The training, done.
    """

    steps: list[dict[str, Counts]]
    other: dict[str, Counts]
    run: Run

    @property
    def steady(self) -> dict[str, Counts]:
        """The second step: the first makes the optimizer's state and two batches, the last none."""
        return self.steps[1]

    @property
    def worst(self) -> int:
        """Launches of the step that has most of them, without the first and the last."""
        return max(total(step).launched for step in self.steps[1:-1])


def total(step: Mapping[str, Counts]) -> Counts:
    """All phases of a step together."""
    found = Counts()
    for counts in step.values():
        found.add(counts)
    return found


def train(run: Callable[[], Run], epochs: int = 1, *, saves: bool = True) -> Trace:
    """Build a run and train it on a pretend GPU.

    Args:
        run: Builds it.
        epochs: How many.
        saves: Whether checkpoints are written, which takes longer than a few steps.
    """
    with pretend_gpu() as gpu:
        if saves:
            return traced(gpu, run(), epochs)
        with patch.object(checkpoint, "save"):
            return traced(gpu, run(), epochs)


def traced(gpu: PretendGpu, run: Run, epochs: int = 1) -> Trace:
    """Train a run on the pretend GPU that is in use."""
    prefetch._side.cache_clear()
    first = len(gpu.log.stretches)
    with phases(gpu.log):
        for _ in range(epochs):
            run.train_epoch()
    gpu.log.mark("between")
    steps, other = list[dict[str, Counts]](), dict[str, Counts]()
    step = dict[str, Counts]()
    for label, counts in gpu.log.stretches[first:]:
        (step if label in PHASES else other).setdefault(label, Counts()).add(counts)
        if label == "step":
            steps.append(step)
            step = {}
    return Trace(steps, other, run)


@contextmanager
def phases(log: Log) -> Generator[None]:
    """Cut the log where the training loop's clock does, and around validation and checkpoints."""
    lap, start = Clock.lap, Clock.start

    def cut(self: Clock, phase: Any) -> None:
        lap(self, phase)
        log.mark(phase)

    def begin(self: Clock) -> None:
        start(self)
        log.mark("setup")

    with (
        patch.object(Clock, "lap", cut),
        patch.object(Clock, "start", begin),
        patch.object(runs, "evaluate", _around(log, "validation", runs.evaluate)),
        patch.object(checkpoint, "save", _around(log, "checkpoint", checkpoint.save)),
    ):
        yield


def _around(log: Log, label: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        log.mark("between")
        result = function(*args, **kwargs)
        log.mark(label)
        return result

    return call


def noise(side: int, count: int, classes: int = 10, _: Path | None = None) -> Data:
    """Images of noise, in memory: a quarter to test on, of the rest a quarter to select with."""
    pixels, labels = _drawn(side, count), torch.arange(count) % classes
    held = count // 4
    names = tuple(str(label) for label in range(classes))
    test = DecodedSplit(pixels[:held], labels[:held])
    rest = DecodedSplit(pixels[held:], labels[held:])
    return split_source(Source("noise", names, rest, test), 0.25, 0)


def streamed(side: int, count: int, classes: int, folder: Path) -> Data:
    """As many images of noise in files, which are read as needed."""
    for split, share in (("train", count - count // 4), ("val", count // 4)):
        for index, pixels in enumerate(_drawn(side, share)):
            place = folder / "images" / split / str(index % classes)
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(place / f"{index:05}.png")
    options = Reading(image_size=side, cache_bytes=0)
    return split_source(read_directory(folder / "images", options), 0.25, 0)


def _drawn(side: int, count: int) -> Tensor:
    draw = torch.Generator().manual_seed(0)
    return torch.randint(256, (count, 3, side, side), generator=draw).byte()


def run_of(
    network: Network, recipe: Recipe, data: Data, directory: Path, *, device: str = "cuda"
) -> Run:
    """A run on the pretend GPU."""
    return Run(network, recipe, data, seed=0, device=device, directory=directory)


def table(trace: Trace) -> str:
    """Launches, host syncs and copies per phase of the second step, and of what is not a step."""
    lines = [f"{'phase':<12}{'launches':>9}{'syncs':>7}{'copies':>8}{'pageable':>10}{'bytes':>12}"]
    rows = {**trace.steady, "step, all": total(trace.steady), **trace.other}
    for label, counts in rows.items():
        pageable = counts.pageable()
        lines.append(
            f"{label:<12}{counts.launched:>9}{counts.syncs.total():>7}{len(counts.copies):>8}"
            f"{len(pageable):>10}{sum(copy.size for copy in counts.copies):>12,}"
        )
    step = total(trace.steady)
    lines += ["", f"launches of steps: {[total(each).launched for each in trace.steps]}"]
    lines += [f"host operators of the second step: {step.cpu.total()}"]
    lines += _most("most launches in the second step, by line", _by_site(step.launches))
    lines += _most("host syncs in all steps, by line", _all_syncs(trace))
    return "\n".join(lines)


def _by_site(counts: Counter[tuple[str, str]]) -> Counter[str]:
    found = Counter[str]()
    for (_, site), count in counts.items():
        found[site] += count
    return found


def _all_syncs(trace: Trace) -> Counter[str]:
    found = Counter[str]()
    for step in trace.steps:
        for (cause, site), count in total(step).syncs.items():
            found[f"{cause} at {site}"] += count
    return found


def _most(title: str, counts: Counter[str]) -> list[str]:
    if not counts:
        return [f"{title}: none"]
    return [f"{title}:", *(f"  {count:>6}  {site}" for site, count in counts.most_common(12))]
