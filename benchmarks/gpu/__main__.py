"""Ask a GPU every point, and write one record: `make gpu`, or `python -m benchmarks.gpu`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu import accidents, beside_timm, launches, questions, training, trials
from benchmarks.gpu.point import ROOT, FaultError, Place, Point
from designspace.errors import DesignspaceError, did_you_mean
from designspace.records.environment import environment

RECORD = ROOT / "benchmarks" / "records" / "gpu.json"
POINTS = {
    point.name: point
    for group in (training, trials, accidents, launches, beside_timm, questions)
    for point in group.POINTS
}
ANSWER = "answer.json"
NO_GPU = "no CUDA device here: torch sees none (`--device cpu --out FILE` rehearses)"


def missing(point: Point, device: str) -> str | None:
    """Why a point cannot be asked here."""
    if "gpu" in point.needs and device != "cuda":
        return "needs a GPU"
    if "ray" in point.needs and find_spec("ray") is None:
        return "Ray is not installed"
    return None


def answer(point: Point, place: Place) -> dict[str, Any]:
    """Ask a point in a process of its own; what it printed is kept where it failed."""
    words = [sys.executable, "-m", "benchmarks.gpu", "--device", place.device]
    words += ["--ask", point.name, "--in", str(place.folder)]
    began, limit = time.perf_counter(), point.limit(place.device)
    try:
        done = subprocess.run(
            words, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=limit, check=False,
        )  # fmt: skip
        said, why = done.stdout, f"the process ended with code {done.returncode}"
    except subprocess.TimeoutExpired as error:
        out = error.stdout
        said = out.decode(errors="replace") if isinstance(out, bytes) else out or ""
        why = f"no answer within {limit:g} s"
    seconds = round(time.perf_counter() - began, 1)
    written = place.folder / ANSWER
    if written.exists():
        return {**json.loads(written.read_text()), "seconds": seconds}
    tail = said.strip().splitlines()[-8:]
    return {"outcome": "fail", "why": why, "output": tail, "seconds": seconds}


def ask(point: Point, place: Place) -> None:
    """Answer a point in this process, and leave the answer in the folder."""
    try:
        found: dict[str, Any] = {"outcome": "pass", "facts": dict(point.ask(place))}
    except (FaultError, DesignspaceError) as fault:
        found = {"outcome": "fail", "why": str(fault)}
    (place.folder / ANSWER).write_text(json.dumps(found))


def asked(names: list[str], device: str, out: Path) -> dict[str, Any]:
    """Ask the points one after the other; the record is written anew after each."""
    began = time.perf_counter()
    answers: dict[str, Any] = {}
    record: dict[str, Any] = {
        "command": " ".join(["python -m benchmarks.gpu", *sys.argv[1:]]),
        "device": torch.cuda.get_device_name() if device == "cuda" else device,
        "cuda": torch.version.cuda if device == "cuda" else None,
        "gpus": torch.cuda.device_count() if device == "cuda" else 0,
        "rehearsal": device != "cuda",
        "whole": names == list(POINTS),
        "environment": environment(),
        "points": answers,
    }
    for name in names:
        point = POINTS[name]
        why = missing(point, device)
        if why is not None:
            answers[name] = {"outcome": "not asked", "why": why}
        else:
            with tempfile.TemporaryDirectory(prefix="gpu-") as folder:
                answers[name] = answer(point, Place(device, Path(folder)))
        answers[name] = {"question": point.question, **answers[name]}
        record["minutes"] = round((time.perf_counter() - began) / 60, 1)
        out.write_text(json.dumps(record, indent=2) + "\n")
        told = answers[name]
        print(f"{told['outcome']:9} {name:15} {told.get('why', point.question)}", flush=True)
    return record


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--only", metavar="NAME,NAME", help="these points alone")
    parser.add_argument("--out", type=Path, help="the record; the checked-in one by default")
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.device == "cuda" and not torch.cuda.is_available():
        parser.error(NO_GPU)
    if chosen.ask is not None:
        ask(POINTS[chosen.ask], Place(chosen.device, chosen.folder))
        return
    names = chosen.only.split(",") if chosen.only else list(POINTS)
    for name in names:
        if name not in POINTS:
            parser.error(f"no point '{name}' ({did_you_mean(name, list(POINTS))})")
    partial = chosen.device == "cpu" or chosen.only
    if partial and chosen.out is None:
        parser.error("a rehearsal, or some points alone, need --out FILE")
    record = asked(names, chosen.device, chosen.out or RECORD)
    failed = [name for name, one in record["points"].items() if one["outcome"] == "fail"]
    print(f"{len(record['points']) - len(failed)} of {len(record['points'])} without a fault, "
          f"{record['minutes']} minutes")  # fmt: skip
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
