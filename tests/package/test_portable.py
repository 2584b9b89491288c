"""Every module can be imported where Unix's own modules, signals and calls are missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Libraries keep what they need: only our own modules see the system as Windows has it.
PROGRAM = """
import builtins, importlib, pkgutil, os, signal, sys
import designspace
LIBRARIES, PACKAGES = sys.argv[1].split(","), sys.argv[2].split(",")
for library in LIBRARIES:
    importlib.import_module(library)
HIDDEN = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix", "syslog"}
real = builtins.__import__
def hiding(name, globals=None, *more):
    ours = str((globals or {}).get("__name__", "")).startswith("designspace")
    if ours and name.partition(".")[0] in HIDDEN:
        raise ModuleNotFoundError(f"{name} is hidden from {globals['__name__']}")
    return real(name, globals, *more)
builtins.__import__ = hiding
for name in ("SIGHUP", "SIGPIPE", "SIGKILL", "SIGUSR1", "SIGCHLD", "SIGALRM"):
    delattr(signal, name)
for name in ("fork", "register_at_fork", "getuid", "pread", "pwrite", "sched_getaffinity",
             "O_CLOEXEC", "setsid", "killpg", "uname", "statvfs", "mkfifo"):
    delattr(os, name)
found = [
    module.name
    for package in PACKAGES
    for module in pkgutil.walk_packages([*importlib.import_module(package).__path__], package + ".")
    if not module.name.endswith("__main__")
]
for name in found:
    importlib.import_module(name)
print(len(found))
"""
READING = ("records", "reporting", "spec", "naming", "comparison", "sampling", "costing", "cli")
LIGHT = ("pydantic", "yaml", "typer", "rich", "pyarrow", "vl_convert", "jinja2", "subprocess")
HEAVY = (*LIGHT, "torch", "torchvision", "timm", "ray.tune", "optuna", "fvcore.nn", "portalocker")


def imported(libraries: tuple[str, ...], packages: tuple[str, ...]) -> int:
    words = [",".join(libraries), ",".join(packages)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_what_describes_counts_and_reports_imports_without_unix() -> None:
    assert imported(LIGHT, tuple(f"designspace.{room}" for room in READING)) > 100


@pytest.mark.slow
def test_every_module_imports_without_unix() -> None:
    assert imported(HEAVY, ("designspace",)) > 300
