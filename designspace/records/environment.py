"""The environment of a result: package versions and machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("designspace-vision", "torch", "timm", "ray", "optuna")
_CPU_NAMES = ("model name", "Model", "Hardware")  # Linux's keys on several architectures


def environment() -> dict[str, Any]:
    """Return the versions that a result depends on (None: not installed), and the machine."""
    packages = {package: _version(package) for package in PACKAGES}
    machine = {"platform": platform.platform(), "cpus": os.cpu_count(), "cpu": cpu_name()}
    return {"python": platform.python_version(), **packages, **machine}


def cpu_name() -> str:
    """Return the model of the processor, if the system knows it, else its architecture."""
    return _cpu_fact(*_CPU_NAMES) or platform.processor() or platform.machine()


def cpu_maker() -> str:
    """Return the processor's vendor as Linux spells it, such as `AuthenticAMD`, or empty text."""
    return _cpu_fact("vendor_id")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cpu_fact(*keys: str) -> str:
    """Return the first value under one of these keys in Linux's list of processors, or nothing."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.is_file() else []
    facts = (line.partition(":") for line in lines)
    return next((value.strip() for key, _, value in facts if key.strip() in keys), "")
