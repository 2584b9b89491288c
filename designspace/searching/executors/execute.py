"""The entry point of the Ray executor: Ray starts while other modules are imported.

This module does not import Ray Tune, which takes more than a second; Tune is imported while Ray's
processes start.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module

from designspace.searching.driver import Driver
from designspace.searching.executors.cluster import cluster, slots
from designspace.searching.executors.watchdog import watchdog
from designspace.searching.starting.shared import share
from designspace.stopping import stoppable


def execute(driver: Driver) -> None:
    """Run a study to its end, the winner's test included.

    Raises:
        KeyboardInterrupt: A signal asked to stop; all training so far is recorded.
        DesignspaceError: Ray lost all its nodes, or the driver refused to continue.
    """
    request = driver.request
    tune = partial(import_module, "designspace.searching.executors.ray_tune")
    with cluster(request.directory, tune) as running:
        from designspace.searching.executors.ray_tune import run_trials
        from designspace.searching.executors.tune_state import Bridge

        bridge = Bridge(driver, slots(request.resources), own=running.own)
        with stoppable(bridge.on_signal), watchdog(bridge, running):
            bridge.interrupted = driver.stopping
            if not driver.over:
                run_trials(bridge, running, share(request.data.load))
