"""Ray's environment variables, which it reads when it is imported.

Apart from `tune.py`, so that they are set before its imports. What the user has set stays.
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
    # Tune's workers have an environment of their own: those that start before are never used.
    "RAY_prestart_worker_first_driver": "0",
    # C++ code aborts this process so long after the control service died: `watchdog` is faster.
    "RAY_gcs_rpc_server_reconnect_timeout_s": "60",
    # Our ledger is the record: Tune writes as little as it can, and leaves signals to us.
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
    """Set them for this process and the workers that it will start."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
