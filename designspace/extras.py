"""Optional packages that only some commands need, and how to install a missing one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from designspace.errors import InputError

EXTRAS: Mapping[str, tuple[str, ...]] = {"onnx": ("onnx", "onnxscript", "onnxruntime")}
"""Modules that each extra of the distribution installs, by the name of the extra."""


def require_extra(extra: str, purpose: str) -> None:
    """Check that the packages of an extra are installed.

    Args:
        extra: Name of the extra, a key of `EXTRAS`.
        purpose: Feature that needs the extra, as the subject of a sentence.

    Raises:
        InputError: A package is missing; the error says what to install.
    """
    missing = [module for module in EXTRAS[extra] if find_spec(module) is None]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise InputError(
            f"{purpose} needs {', '.join(missing)}, which {are} not installed",
            hint=f'install with: pip install "designspace-vision[{extra}]"',
        )
