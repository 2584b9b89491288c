"""The plan of a search and its rough duration, for `--dry-run`. Nothing is written."""

from __future__ import annotations

import contextlib
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from designspace.records.facts import SpecFacts
from designspace.sampling.pricing import PricedPoint
from designspace.searching.nothing_fits import sizes_blamed
from designspace.searching.proposers.pool import Pool, pool_of
from designspace.searching.proposers.proposer import base_point, draw, stream
from designspace.searching.proposers.repair import Candidates
from designspace.searching.request import Request
from designspace.searching.resources import available, require_resources
from designspace.searching.trials.trainable import Job
from designspace.searching.trials.trial_training import run_of
from designspace.spec.space.space import Point

if TYPE_CHECKING:
    from designspace.images.data import Data

SAMPLE = 32  # random points whose mean cost represents the trials to come
WARM_UP, STEPS, PATIENCE = 2, 10, 5.0  # steps to skip, steps to time, maximum seconds


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a search.

    Attributes:
        trials: Total number of trials wanted.
        points: Number of combinations of labels in the space, before limits and repeats.
        networks: Number of distinct networks in the space; None if they are not counted.
        feasible: Number of those within the limits; None likewise.
        base: Network of trial 0, with its cost.
        rungs: Epochs after which trials are compared; empty without early stopping.
        epochs: Epochs of a trial that is never stopped.
        most_epochs: Epochs of all trials if none is stopped.
        expected_epochs: Epochs of all trials if the best 1/eta continue from each rung.
        parallel: Trials at a time, on this machine or on the cluster.
        macs_ratio: Mean MACs of sampled networks within the limits, relative to the base's.
        epoch_seconds: Measured duration of an epoch of the base [s]; None if not measured.
        timed_on: Device of the timing, with its model; None if nothing was timed.
    """

    trials: int
    points: int
    networks: int | None
    feasible: int | None
    base: PricedPoint
    rungs: tuple[int, ...]
    epochs: int
    most_epochs: int
    expected_epochs: int
    parallel: int
    macs_ratio: float
    epoch_seconds: float | None
    timed_on: str | None = None

    @property
    def seconds(self) -> float | None:
        """Estimated duration [s], proportional to MACs and without start-up; None if not timed."""
        if self.epoch_seconds is None:
            return None
        return self.expected_epochs * self.epoch_seconds * self.macs_ratio / self.parallel


def plan(request: Request, *, timed: bool = True) -> Plan:
    """Return the plan of a request; if `timed`, time some steps of the base's first epoch.

    Raises:
        InputError: A trial asks for more than this machine has.
        InfeasibleError: No network of the space is within its limits.
    """
    require_resources(request.resources, request.executor)
    with sizes_blamed(request):
        return _plan(request, timed=timed)


def _plan(request: Request, *, timed: bool) -> Plan:
    pool = pool_of(request)
    candidates = Candidates(request.space, request.cost, pool)
    base = _chosen(candidates, request, base_point(request.space))
    timed_on = _device_here(request) if timed else None
    return Plan(
        trials=request.trials,
        points=request.space.size,
        networks=pool.limited.total if pool else None,
        feasible=pool.count if pool else None,
        base=base,
        rungs=request.rules.rungs,
        epochs=request.epochs,
        most_epochs=request.trials * request.epochs,
        expected_epochs=expected_epochs(request),
        parallel=parallel(request),
        macs_ratio=_mean_macs(candidates, request, pool) / base.macs,
        epoch_seconds=time_epoch(request) if timed_on else None,
        timed_on=timed_on,
    )


def _device_here(request: Request) -> str | None:
    """Return the trials' device if this machine has it; a cluster's cannot be timed here."""
    from designspace.compiler.device import described

    return described(request.resources.device)


def _mean_macs(candidates: Candidates, request: Request, pool: Pool | None) -> float:
    """Return the mean MACs of networks drawn at random."""
    if pool is not None:
        return float(pool.limited.draw(SAMPLE, request.seed).macs.mean())
    rng = stream(request.seed, 0, "plan")
    points = (draw(request.space, rng) for _ in range(SAMPLE))
    return mean(_chosen(candidates, request, point).macs for point in points)


def _chosen(candidates: Candidates, request: Request, point: Point) -> PricedPoint:
    found = candidates.choose(point, set(), stream(request.seed, 0, "repair"))
    if found is None:
        raise candidates.refuse()
    return found


def expected_epochs(request: Request) -> int:
    """Return the epochs of all trials if the best 1/eta and the base continue at each rung."""
    rules = request.rules
    ends = (*rules.rungs, request.epochs)
    steps = [end - start for start, end in zip((0, *rules.rungs), ends, strict=True)]
    a_trial = sum(step / rules.eta**rung for rung, step in enumerate(steps))
    return round(request.epochs + (request.trials - 1) * a_trial)


def parallel(request: Request) -> int:
    """Return the number of trials at a time, on this machine or on the cluster."""
    if request.executor == "local":
        return 1
    return max(1, available(request.executor).slots(request.resources))


def _base_job(request: Request, directory: Path) -> Job:
    point = base_point(request.space)
    return Job(
        spec=SpecFacts.of(request.space.spec(point)),
        recipe=request.recipe_of(point),
        data=request.data,
        seed=request.seed,
        device=request.resources.device,
        threads=request.resources.cpus,
        directory=directory,
    )


class _EnoughError(Exception):
    """An exception that ends the timing."""


def time_epoch(request: Request, data: Data | None = None) -> float:
    """Estimate the seconds of an epoch of the base from its first steps, without validation.

    A GPU finishes its pending steps before the clock is read at both ends of the timing, because
    steps are only queued when they return.

    Args:
        request: Request of the search.
        data: Data of the request, if they are already loaded.
    """
    from designspace.compiler.device import wait_for

    device = request.resources.device
    ticks: list[float] = []
    total = 1

    def read() -> float:
        wait_for(device)
        return time.perf_counter()

    def tick(done: int, steps: int) -> None:
        nonlocal total
        total = steps
        ticks.append(read() if len(ticks) == WARM_UP - 1 else time.perf_counter())
        late = ticks[-1] - ticks[0] > PATIENCE and len(ticks) > WARM_UP
        if done >= min(WARM_UP + STEPS, steps) or late:
            ticks[-1] = read()
            raise _EnoughError

    with tempfile.TemporaryDirectory() as scratch:
        job = _base_job(request, Path(scratch))
        trainee = request.factory(job) if data is None else run_of(job, data)
        began = read()
        with contextlib.suppress(_EnoughError):
            trainee.train_epoch(tick)
    timed = ticks[WARM_UP - 1 :] if len(ticks) > WARM_UP else [began, *ticks]
    return (timed[-1] - timed[0]) / (len(timed) - 1) * total
