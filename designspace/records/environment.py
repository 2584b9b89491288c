"""Where something ran: versions and machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = ("designspace-vision", "torch", "timm", "ray", "optuna")


def environment() -> dict[str, Any]:
    """Versions of what a result depends on, None where a package is not installed."""
    packages = {package: _version(package) for package in PACKAGES}
    machine = {"platform": platform.platform(), "cpus": os.cpu_count()}
    return {"python": platform.python_version(), **packages, **machine}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
