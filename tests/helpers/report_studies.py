"""Made-up studies of any shape, written as real ledger events."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from designspace.records.facts import DataFacts, RecipeFacts, SpaceFacts
from designspace.records.study.events import (
    EVENT,
    Ended,
    EpochEnded,
    Event,
    Proposed,
    SplitRead,
    Started,
    StudyChanged,
)
from designspace.records.study.study import LEDGER, SchedulerMeta, StudyMeta, write_meta

EPOCHS = 8
RUNGS = (2, 4)
AXES: dict[str, tuple[str, ...]] = {
    "kernel_size": ("3", "5", "7", "9"),
    "spatial_at": ("first", "middle"),
    "norm": ("layernorm", "batchnorm"),
    "norm_at": ("1", "1,2", "all"),
    "act": ("gelu", "relu", "silu"),
    "act_at": ("2", "1,2"),
    "ratio": ("4", "2", "6"),
    "downsample": ("separate", "in_block"),
    "layer_scale": ("1e-6", "none"),
}
_GAIN = {"3": -0.9, "5": -0.3, "9": 0.2, "middle": -0.5, "batchnorm": 0.4, "relu": -0.6, "6": 0.5}
_COST = {"3": 0.93, "5": 0.96, "9": 1.05, "2": 0.62, "6": 1.41, "in_block": 1.12, "middle": 1.08}


@dataclass
class Script:
    """How one trial goes: its last epoch, its end (None: still running), its error."""

    end: str | None = "complete"
    epochs: int = EPOCHS
    error: str | None = None
    attempts: int = 1
    point: Mapping[str, str] | None = None


@dataclass
class Plan:
    """A whole study."""

    name: str = "micro-demo"
    scripts: Sequence[Script] = ()
    action: str = "completed"
    wanted: int | None = None
    tested: bool = True
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(AXES))
    seed: int = 0
    repaired_base: bool = False
    data: str = "fashion-mnist-mini"


def realistic(count: int = 16, **changes: Any) -> Plan:
    """A finished study with stopped and failed trials, as ASHA leaves it."""
    ends = [Script()]
    for number in range(1, count):
        if number == 6:
            ends.append(Script("failed", 3, "RuntimeError: out of memory", attempts=2))
        elif number == 11:
            ends.append(Script("failed", 0, "ValueError: kernel larger than its input"))
        elif number % 5 in (2, 3):
            ends.append(Script("stopped", RUNGS[number % 2]))
        else:
            ends.append(Script())
    return Plan(scripts=ends, **changes)


def write_study(directory: Path, plan: Plan) -> Path:
    """Write study.yaml and trials.jsonl of `plan` into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    write_meta(directory, _meta(plan))
    clock = iter(range(1_790_000_000, 1_800_000_000, 7))
    lines = [
        EVENT.dump_json(event.model_copy(update={"time": float(next(clock))}))
        for event in events(plan)
    ]
    (directory / LEDGER).write_bytes(b"".join(line + b"\n" for line in lines))
    return directory


def events(plan: Plan) -> list[Event]:
    """The study's events, trial after trial."""
    wanted = plan.wanted or len(plan.scripts)
    found: list[Event] = [StudyChanged(action="created", trials=wanted)]
    done: dict[int, float] = {}
    for number, script in enumerate(plan.scripts):
        trial = _trial(plan, number, script)
        found += trial
        last = [event for event in trial if isinstance(event, EpochEnded)]
        if script.end == "complete":
            done[number] = last[-1].top1
    if plan.tested and done:
        winner = max(done, key=lambda number: done[number])
        found.append(SplitRead(trial=winner, top1=done[winner] - 0.9, top5=99.1, n=1000))
    if plan.action != "running":
        found.append(StudyChanged(action=plan.action, trials=wanted))  # pyright: ignore[reportArgumentType]
    return found


def _trial(plan: Plan, number: int, script: Script) -> list[Event]:
    stream = random.Random(plan.seed * 1000 + number)
    base = {axis: labels[0] for axis, labels in plan.axes.items()}
    point = dict(script.point or base)
    if number and script.point is None:
        for axis in stream.sample(list(plan.axes), k=min(len(plan.axes), stream.randint(1, 4))):
            point[axis] = stream.choice(plan.axes[axis][1:] or plan.axes[axis])
    cost = 1.0
    for label in point.values():
        cost *= _COST.get(label, 1.0)
    cost *= 1 + stream.uniform(-0.04, 0.04) * bool(number)
    found: list[Event] = [
        Proposed(
            trial=number, point=point, changes={"block.x": 1}, digest=f"{number:016x}",
            params=int(412_330 * cost**0.9), macs=int(7_612_416 * cost), acts=int(301_000 * cost),
            proposer="base" if number == 0 else "tpe",
            repaired=plan.repaired_base and number == 0,
        )
    ]  # fmt: skip
    for attempt in range(1, script.attempts + 1):
        found += _attempt(number, attempt, script, _final(point, cost, stream), stream)
    return found


def _final(point: Mapping[str, str], cost: float, stream: random.Random) -> float:
    gain = sum(_GAIN.get(label, 0.0) for label in point.values())
    return 85.6 + gain + 3.0 * (cost - 1) ** 1 / (1 + abs(cost - 1)) + stream.gauss(0, 0.35)


def _attempt(
    number: int, attempt: int, script: Script, final: float, stream: random.Random
) -> list[Event]:
    last = attempt == script.attempts
    before = max(script.epochs - 1, 0)  # what all attempts but the last one trained
    first, until = (0 if attempt == 1 else before), (script.epochs if last else before)
    state: Any = script.end if last else "failed"
    decisions: dict[Any, Any] = {"complete": "finish", "stopped": "stop"}
    found: list[Event] = [Started(trial=number, attempt=attempt, epoch=first)]
    for epoch in range(first + 1, until + 1):
        top1 = round(5 * (final - 24.0 * 0.52**epoch + stream.gauss(0, 0.2))) / 5
        found.append(
            EpochEnded(
                trial=number, attempt=attempt, epoch=epoch, train_loss=2.2 * 0.8**epoch,
                loss=2.0 * 0.8**epoch, top1=top1, top5=min(100.0, top1 + 12), lr=0.004, seconds=6.4,
                images_per_second=703.0,
                decision=decisions.get(state, "continue") if epoch == until else "continue",
            )
        )  # fmt: skip
    if state is not None:
        found.append(
            Ended(trial=number, attempt=attempt, state=state, epoch=until, error=script.error)
        )
    return found


def _meta(plan: Plan) -> StudyMeta:
    return StudyMeta(
        name=plan.name,
        created="2026-09-21T14:13:20+00:00",
        command=["designspace", "search", "--space", "micro", "--name", plan.name],
        space=SpaceFacts(
            name="micro", digest="a3f09c1be2d45567", authored={"base": "convnext_proxy"}
        ),
        recipe=RecipeFacts(
            name="demo", digest="77d01f3a9bc4e210", full={"name": "demo", "epochs": EPOCHS}
        ),
        data=DataFacts(
            name=plan.data, digest="5b1f3c9ad2e87714", num_classes=10, channels=1, train=4500,
            val=500, test=1000,
        ),
        seed=0,
        trials=plan.wanted or max(1, len(plan.scripts)),
        proposer="tpe",
        scheduler=SchedulerMeta(kind="asha", eta=2, rungs=RUNGS),
        executor="ray",
        environment={
            "python": "3.11.2", "torch": "2.15.0", "ray": "2.60.0", "optuna": "5.0.0",
            "timm": "1.0.20", "platform": "Linux-6.1-x86_64", "cpus": 2, "device": "cpu",
        },
    )  # fmt: skip
