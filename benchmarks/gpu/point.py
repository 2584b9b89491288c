"""A point: one question to a device, answered with facts, or with what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SIDE, CLASSES, TRAIN, TEST = 32, 4, 512, 128

Facts = Mapping[str, Any]
Need = Literal["gpu", "ray"]


class FaultError(Exception):
    """The answer is no: what was expected, and what was seen."""


@dataclass(frozen=True)
class Place:
    """Where a point works.

    Attributes:
        device: "cuda", or "cpu" in a rehearsal.
        folder: An empty directory of the point's own.
    """

    device: str
    folder: Path

    def command(self, *words: str, expect: Sequence[int] = (0,)) -> str:
        """Run `designspace` with these words; its standard output and error together.

        Raises:
            FaultError: The exit code is none of the expected, or there is a traceback.
        """
        done = subprocess.run(
            [sys.executable, "-m", "designspace", *words],
            cwd=self.folder, env=self.variables, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        if done.returncode not in expect or "Traceback" in done.stdout:
            tail = " | ".join(done.stdout.strip().splitlines()[-3:])
            raise FaultError(f"designspace {words[0]}: exit code {done.returncode}: {tail}")
        return done.stdout

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a command: this checkout is imported, whatever is installed."""
        return {**os.environ, "PYTHONPATH": str(ROOT)}

    def arrays(self) -> Path:
        """An `.npz` file of images that a small network learns within some epochs."""
        path = self.folder / "images.npz"
        if not path.exists():
            parts = {"train": _images(TRAIN, 0), "test": _images(TEST, 1)}
            named = {f"{name}_{kind}": part[n] for name, part in parts.items()
                     for n, kind in enumerate("xy")}  # fmt: skip
            np.savez(path, allow_pickle=False, **named)
        return path

    def files(self) -> Path:
        """The same kind of images as JPEG files in folders, to be decoded as they are read."""
        root = self.folder / "photos"
        for part, count in (("train", TRAIN // 2), ("test", TEST // 2)):
            if (root / part).exists():
                continue
            for number, (pixels, label) in enumerate(zip(*_images(count, 2), strict=True)):
                folder = root / part / f"class{label}"
                folder.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).resize((48, 40)).save(folder / f"{number}.jpg")
        return root


def _images(count: int, seed: int) -> tuple[Any, Any]:
    """Noise with a bright quarter, which is the class: bytes (N, H, W, C) and labels (N,)."""
    draw = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    pixels = draw.integers(0, 160, (count, SIDE, SIDE, 3))
    half = SIDE // 2
    for place, label in enumerate(labels):
        top, left = half * (label // 2), half * (label % 2)
        pixels[place, top : top + half, left : left + half] += 60
    return pixels.astype(np.uint8), labels.astype(np.int64)


@dataclass(frozen=True)
class Point:
    """A question.

    Attributes:
        name: One word, for `--only`.
        question: What a pass means, for the table.
        ask: Gives the facts, or raises `FaultError`.
        needs: What it cannot be asked without.
        seconds: Time limit on a GPU.
    """

    name: str
    question: str
    ask: Callable[[Place], Facts]
    needs: tuple[Need, ...] = ()
    seconds: float = 120.0

    def limit(self, device: str) -> float:
        """Seconds after which it has no answer; a rehearsal on a busy CPU gets more."""
        return self.seconds if device == "cuda" else 5 * self.seconds


def expect(condition: object, fault: str) -> None:
    """Raise `FaultError` unless the condition holds."""
    if not condition:
        raise FaultError(fault)
