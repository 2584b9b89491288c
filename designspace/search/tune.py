"""The Ray executor: Tune places the attempts that the driver starts, on one machine or many.

Tune's searcher, scheduler and callbacks all live in the driver's process and only pass messages:
the searcher asks the driver for the next attempt, the scheduler reports each step and returns the
decision. To Tune every attempt is a trial of its own; it retries nothing and restores nothing.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
import ray.exceptions
from ray import tune
from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher
from typing_extensions import override

from designspace.errors import DesignspaceError
from designspace.search.bridge import Bridge
from designspace.search.driver import Driver, Start
from designspace.search.request import Resources
from designspace.search.signals import stoppable
from designspace.search.trainee import Attempt, Failure

RAY: Any = ray  # Ray's own annotations are partial
TUNE: Any = tune
POLL = 2.0  # seconds between two looks at whether Ray's nodes are alive
NOTICED = 3.0  # seconds in which Ray notices a dead node, by the settings of `ray_settings`
GRACE = 10.0  # seconds for Tune's loop to notice that it is to stop, before it is broken off


class BreakError(BaseException):
    """Leaves Tune's loop at once, its cleaning up left out: our own Ray ends with everything."""


class HaltError(Exception):
    """Leaves Tune's loop, which then ends its actors and gives back what they held."""


class DriverSearcher(Searcher):
    """Suggests what the driver starts next."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge

    @override
    def suggest(self, trial_id: str) -> Any:
        """The next attempt, None while there is none, FINISHED when the study is over."""
        start = self._bridge.start(trial_id)
        if start is None:
            return Searcher.FINISHED if self._bridge.driver.over else None
        return {"start": start, "factory": self._bridge.driver.request.factory}

    @override
    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """The scheduler has reported it."""

    @override
    def save(self, checkpoint_path: str) -> None:
        """The ledger holds everything."""

    @override
    def restore(self, checkpoint_path: str) -> None:
        """The ledger holds everything."""


class DriverScheduler(FIFOScheduler):
    """Reports steps to the driver, and does what it decides."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge

    @override
    def on_trial_result(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> str:
        """Continue, or stop the attempt."""
        goes_on = self._bridge.report(trial.trial_id, result["said"])
        return TrialScheduler.CONTINUE if goes_on else TrialScheduler.STOP

    @override
    def on_trial_error(self, tune_controller: TuneController, trial: Trial) -> None:
        """The worker died, or could not be started: what a training raises is a result."""
        if not survived():
            self._bridge.lost = True  # with its node, which is no fault of the trial
            return
        file = Path(trial.error_file or "")
        trace = file.read_text() if file.is_file() else "Ray gave no reason"
        self._bridge.report(trial.trial_id, Failure("the worker process died", trace))


class Heartbeat(tune.Callback):
    """Leaves Tune's loop when the study is to stop before its end."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    @override
    def on_step_begin(self, iteration: int, trials: list[Trial], **info: Any) -> None:
        """Called many times a second."""
        if self._bridge.halting:
            if self._bridge.interrupted:
                self._bridge.driver.interrupted()  # first of all: Ray may be dying, too
            raise BreakError if self._bridge.own else HaltError


class Worker(tune.Trainable):
    """An actor that runs one attempt after another; a step is an epoch."""

    @override
    def setup(self, config: dict[str, Any]) -> None:
        """Take up an attempt; nothing is loaded before its first step."""
        start: Start = config["start"]
        self._attempt = Attempt(config["factory"], start.job, start.epoch, test=start.test)

    @override
    def step(self) -> dict[str, Any]:
        """What the attempt answers, an epoch or a failure."""
        return {"said": self._attempt.step()}

    @override
    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take up another attempt in the same process."""
        self.setup(new_config)
        return True


def execute(driver: Driver) -> None:
    """Run a study to its end, the winner's test included.

    Raises:
        KeyboardInterrupt: A signal asked to stop; what was trained is recorded.
        DesignspaceError: Ray lost all its nodes, or the driver refused to go on.
    """
    with cluster() as own:
        bridge = Bridge(driver, slots(driver.request.resources), own=own)
        with stoppable(bridge.on_signal), watchdog(bridge):
            if not driver.over:
                run_trials(bridge)


@contextmanager
def cluster() -> Generator[bool]:
    """A Ray of our own on loopback, or the one that RAY_ADDRESS names, or the one in use.

    Yields whether it is our own, and ends with the context.
    """
    if ray.is_initialized():
        yield False
        return
    address = os.environ.get("RAY_ADDRESS")
    own: dict[str, Any] = {"_node_ip_address": "127.0.0.1", "include_dashboard": False}
    if not address:  # workers of our own inherit where to import from, as this process does
        os.environ["PYTHONPATH"] = os.pathsep.join(
            str(Path(entry).absolute()) for entry in sys.path
        )
    RAY.init(
        address=address or "local", log_to_driver=False, logging_level=logging.ERROR,
        **({} if address else own),
    )  # fmt: skip
    try:
        yield not address
    finally:
        RAY.shutdown()


def slots(resources: Resources) -> int:
    """How many attempts run at a time.

    Raises:
        DesignspaceError: Not even one fits.
    """
    has = RAY.cluster_resources()
    by_cpu = int(has.get("CPU", 0) / resources.cpus)
    by_gpu = int(has.get("GPU", 0) / resources.gpus + 1e-6) if resources.gpus else by_cpu
    if not min(by_cpu, by_gpu):
        raise DesignspaceError(
            f"a trial asks for {resources.cpus} CPUs and {resources.gpus} GPUs; "
            f"Ray has {has.get('CPU', 0):g} and {has.get('GPU', 0):g}"
        )
    return min(by_cpu, by_gpu)


def run_trials(bridge: Bridge) -> None:
    """Tune's loop, until the driver is over or the bridge says halt."""
    request = bridge.driver.request
    scratch = (request.directory / ".ray").absolute()
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        _tune(bridge, scratch)
    except (BreakError, HaltError):
        if bridge.error is not None:
            raise bridge.error from None
        if bridge.lost:
            raise DesignspaceError(
                "Ray lost all its nodes; the same command again goes on"
            ) from None
        raise KeyboardInterrupt from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _tune(bridge: Bridge, scratch: Path) -> None:
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(bridge.slots)
    resources = bridge.driver.request.resources
    TUNE.run(
        Worker,
        name="tune",
        storage_path=str(scratch),
        resources_per_trial={"cpu": resources.cpus, "gpu": resources.gpus},
        num_samples=-1,
        search_alg=DriverSearcher(bridge),
        scheduler=DriverScheduler(bridge),
        callbacks=[Heartbeat(bridge)],
        reuse_actors=True,
        raise_on_failed_trial=False,
        trial_dirname_creator=_key,
        verbose=0,
    )


def _key(trial: Trial) -> str:
    return trial.trial_id


@contextmanager
def watchdog(bridge: Bridge) -> Generator[None]:
    """Notice that every node died, which Tune itself would wait out for ever."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(POLL):
            if not alive():
                bridge.lost = True
                if not over.wait(GRACE):
                    os.kill(os.getpid(), 2)  # the loop hangs: the handler breaks it off
                return

    thread = threading.Thread(target=watch, name="ray-watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(POLL)


def survived() -> bool:
    """Whether a node is still alive once Ray has had the time to notice that one is not."""
    until = time.monotonic() + NOTICED
    while alive() and time.monotonic() < until:
        time.sleep(0.2)
    return alive()


def alive() -> bool:
    """Whether any of Ray's nodes is."""
    try:
        return any(node["Alive"] for node in RAY.nodes())
    except (ConnectionError, ray.exceptions.RayError):
        return False
