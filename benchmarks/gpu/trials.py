"""Trials of a search that share a GPU, or have one each."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from benchmarks.gpu.point import Facts, Place, Point, expect

TRIALS = 4


def fractional(place: Place) -> Facts:
    """Two trials at a time on half a GPU each, under Ray."""
    found = _searched(place, "half", "ray", "--gpus-per-trial=0.5")
    expect(found["most_at_a_time"] == 2, f"{found['most_at_a_time']} trials at a time, not 2")
    return found


def default(place: Place) -> Facts:
    """Without an option each trial gets a GPU of its own."""
    found = _searched(place, "one", "ray")
    expect(found["device"].startswith("cuda"), f"the trials ran on {found['device']}")
    return found


def local(place: Place) -> Facts:
    """One trial after the other, without Ray."""
    return _searched(place, "local", "local", f"--device={place.device}")


def _searched(place: Place, name: str, executor: str, *options: str) -> Facts:
    study = place.folder / name
    words = ("search", "--space=micro", f"--data={place.arrays()}", f"--trials={TRIALS}")
    words += (f"--executor={executor}", f"--study={study}", "--recipe-set=epochs=2", *options)
    place.command(*words)
    lines = [json.loads(line) for line in (study / "trials.jsonl").read_text().splitlines()]
    states = Counter(line["state"] for line in lines if line["event"] == "ended")
    expect(not states["failed"], f"trials ended so: {dict(states)}")
    return {"states": dict(states), "most_at_a_time": _most(lines), "device": _device(study)}


def _most(lines: list[dict[str, Any]]) -> int:
    """How many trials were under way at a time, by the order of the ledger."""
    change = {"started": 1, "ended": -1}
    running, most = 0, 0
    for line in lines:
        running += change.get(line["event"], 0)
        most = max(most, running)
    return most


def _device(study: Any) -> str:
    import yaml

    return str(yaml.safe_load((study / "study.yaml").read_text())["environment"]["device"])


POINTS = (
    Point("fractions", "two trials share a GPU under Ray", fractional, ("gpu", "ray"), 240),
    Point("default", "a GPU is the default of search", default, ("gpu", "ray"), 240),
    Point("local", "a search without Ray", local, seconds=240),
)
