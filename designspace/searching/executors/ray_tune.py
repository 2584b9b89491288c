"""The Ray executor: Tune places the attempts that the driver starts, on one machine or many.

Tune's searcher, scheduler and callbacks run in the driver's process and only pass messages: the
searcher asks the driver for the next attempt, the scheduler reports each step and returns the
decision. To Tune, every attempt is a separate trial; Tune retries nothing and restores nothing.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from ray import cloudpickle, tune
from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher
from typing_extensions import override

from designspace.errors import DesignspaceError
from designspace.searching.driver import Start
from designspace.searching.executors.cluster import SCRATCH, Cluster
from designspace.searching.executors.tune_state import Bridge
from designspace.searching.executors.watchdog import lost_line
from designspace.searching.starting.shared import Held, take
from designspace.searching.trials.trainable import Attempt, Failure

TUNE: Any = tune  # Ray's own annotations are partial
ENDING = "30"  # seconds in which an actor must end by itself; it may hang if it lost its GPU


class BreakError(BaseException):
    """An exception that leaves Tune's loop at once, without clean-up: our own Ray ends anyway."""


class HaltError(Exception):
    """An exception that leaves Tune's loop; Tune then ends its actors and frees their resources."""


class DriverSearcher(Searcher):
    """A searcher that suggests the driver's next attempt."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge

    @override
    def suggest(self, trial_id: str) -> Any:
        """Return the next attempt, None if there is none now, FINISHED when the study is over."""
        start = self._bridge.start(trial_id)
        if start is None:
            return Searcher.FINISHED if self._bridge.driver.over else None
        return {"start": start.model_dump_json(), "factory": self._bridge.driver.request.factory}

    @override
    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Do nothing: the scheduler has already reported the end."""

    @override
    def save(self, checkpoint_path: str) -> None:
        """Do nothing: the ledger holds everything."""

    @override
    def restore(self, checkpoint_path: str) -> None:
        """Do nothing: the ledger holds everything."""


class DriverScheduler(FIFOScheduler):
    """A scheduler that reports steps to the driver, and follows its decisions."""

    def __init__(self, bridge: Bridge, running: Cluster) -> None:
        super().__init__()
        self._bridge, self._cluster = bridge, running

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing: Tune pickles its parts for a restore that never happens."""
        return {}

    @override
    def on_trial_result(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> str:
        """Report a step, and return whether the attempt continues or stops."""
        goes_on = self._bridge.report(trial.trial_id, result["said"])
        return TrialScheduler.CONTINUE if goes_on else TrialScheduler.STOP

    @override
    def on_trial_error(self, tune_controller: TuneController, trial: Trial) -> None:
        """Report a worker that ended itself, died or did not start; other failures are results."""
        ended = _ended(trial)
        if ended is not None:
            self._bridge.report(trial.trial_id, ended)
            return
        if not self._cluster.survived():  # the worker died with its node: not a fault of the trial
            self._bridge.lost = self._cluster.lost = self._cluster.trouble() or self._cluster.lost
            return
        file = Path(trial.error_file or "")
        trace = file.read_text(encoding="utf-8") if file.is_file() else "Ray gave no reason"
        self._bridge.report(trial.trial_id, Failure("the worker process died", trace, fatal=True))


class Heartbeat(tune.Callback):
    """A callback that leaves Tune's loop when the study must stop before its end."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    @override
    def on_step_begin(self, iteration: int, trials: list[Trial], **info: Any) -> None:
        """Check whether to stop; Tune calls this many times per second."""
        if self._bridge.halting:
            if self._bridge.interrupted:
                self._bridge.driver.interrupted()  # before anything else: Ray may be dying, too
            raise BreakError if self._bridge.own else HaltError


class WorkerEndedError(Exception):
    """An error that ends an actor, because Tune does not reuse one after an error."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure)

    def __str__(self) -> str:
        return self.failure.error


class Worker(tune.Trainable):
    """An actor that runs one attempt after another; a step is an epoch."""

    @override
    def setup(self, config: dict[str, Any], held: Held | None = None) -> None:
        """Set up an attempt; before its first step, load only data from the object store."""
        start = Start.model_validate_json(config["start"])
        if held is not None:
            take(held)
        self._attempt = Attempt(config["factory"], start.job, start.epoch, task=start.task)

    @override
    def step(self) -> dict[str, Any]:
        """Return the result of the attempt's next step: an epoch, a score or a failure.

        Raises:
            WorkerEndedError: After this failure the process cannot train anything else.
        """
        said = self._attempt.step()
        if isinstance(said, Failure) and said.fatal:
            raise WorkerEndedError(said)
        return {"said": said}

    @override
    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Set up another attempt in the same process."""
        self._attempt.close()
        self.setup(new_config)
        return True


def run_trials(bridge: Bridge, running: Cluster, held: Held | None = None) -> None:
    """Run Tune's loop until the study is over or the bridge halts it.

    Args:
        bridge: Connection to the driver.
        running: Ray cluster in use.
        held: Data for the workers, in Ray's object store.

    Raises:
        KeyboardInterrupt: The bridge halted the loop.
        DesignspaceError: Ray was lost, or the driver refused to continue.
    """
    request = bridge.driver.request
    scratch = (request.directory / SCRATCH).absolute()
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        _tune(bridge, running, scratch, held)
    except (BreakError, HaltError):
        if bridge.error is not None:
            raise bridge.error from None
        if bridge.lost and not bridge.interrupted:
            raise DesignspaceError(lost_line(bridge.lost)) from None
        raise KeyboardInterrupt from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _tune(bridge: Bridge, running: Cluster, scratch: Path, held: Held | None) -> None:
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(bridge.slots)
    os.environ["TUNE_FORCE_TRIAL_CLEANUP_S"] = ENDING
    resources = bridge.driver.request.resources
    TUNE.run(
        TUNE.with_parameters(Worker, held=held) if held else Worker,
        name="tune",
        storage_path=str(scratch),
        resources_per_trial={"cpu": resources.cpus, "gpu": resources.ray_gpus},
        num_samples=-1,
        search_alg=DriverSearcher(bridge),
        scheduler=DriverScheduler(bridge, running),
        callbacks=[Heartbeat(bridge)],
        reuse_actors=True,
        raise_on_failed_trial=False,
        trial_dirname_creator=_key,
        verbose=0,
    )


def _ended(trial: Trial) -> Failure | None:
    """Return the failure after which a worker ended itself; None if the worker did not."""
    file = Path(trial.pickled_error_file or "")
    error: Any = cloudpickle.loads(file.read_bytes()) if file.is_file() else None
    cause = getattr(error, "cause", None)
    return cause.failure if isinstance(cause, WorkerEndedError) else None


def _key(trial: Trial) -> str:
    return trial.trial_id
