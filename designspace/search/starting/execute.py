"""The Ray executor from its beginning: Ray starts, and meanwhile everything else that can.

This module imports neither Ray's Tune nor pandas, half of what Tune's import takes: pandas is
imported while Ray's processes start.
"""

from __future__ import annotations

from designspace.search.cluster import cluster, slots
from designspace.search.driver import Driver
from designspace.search.starting.imports import imported
from designspace.search.starting.shared import share
from designspace.search.watchdog import watchdog
from designspace.stopping import stoppable


def execute(driver: Driver) -> None:
    """Run a study to its end, the winner's test included.

    Raises:
        KeyboardInterrupt: A signal asked to stop; what was trained is recorded.
        DesignspaceError: Ray lost all its nodes, or the driver refused to go on.
    """
    request = driver.request
    with cluster(request.directory, imported("pandas")) as running:
        from designspace.search.bridge import Bridge
        from designspace.search.tune import run_trials

        bridge = Bridge(driver, slots(request.resources), own=running.own)
        with stoppable(bridge.on_signal), watchdog(bridge, running):
            bridge.interrupted = driver.stopping
            if not driver.over:
                run_trials(bridge, running, share(request.data))
