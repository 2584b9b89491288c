"""Where something ran: versions and machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("designspace-vision", "torch", "timm", "ray", "optuna")
_CPU_NAMES = ("model name", "Model", "Hardware")  # as Linux calls it on several architectures


def environment() -> dict[str, Any]:
    """Versions of what a result depends on, None where a package is not installed."""
    packages = {package: _version(package) for package in PACKAGES}
    machine = {"platform": platform.platform(), "cpus": os.cpu_count(), "cpu": cpu_name()}
    return {"python": platform.python_version(), **packages, **machine}


def cpu_name() -> str:
    """The processor's model, as far as the system tells."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.is_file() else []
    named = (line.partition(":") for line in lines)
    found = (value.strip() for key, _, value in named if key.strip() in _CPU_NAMES)
    return next(found, "") or platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
