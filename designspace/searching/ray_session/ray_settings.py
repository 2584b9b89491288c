"""Ray's environment variables, which Ray reads when it is imported.

They are in a module of their own so that they are set before `ray_tune.py` imports Ray. Variables
that the user has set stay.
"""

from __future__ import annotations

import os

SETTINGS = {
    # Loopback only: without this, Ray listens on every address.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    # A dead node is noticed in 1.5 s instead of 13 s.
    "RAY_health_check_initial_delay_ms": "500",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "3",
    # Tune's workers have an environment of their own: workers that start earlier are never used.
    "RAY_prestart_worker_first_driver": "0",
    # Seconds after which C++ code aborts this process if the control service died: ours is faster.
    "RAY_gcs_rpc_server_reconnect_timeout_s": "60",
    # Our ledger is the record: Tune writes as little as possible, and leaves signals to us.
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "86400",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


def prepare() -> None:
    """Set the variables for this process and the workers that it will start."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
