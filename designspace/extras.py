"""Packages that only some commands need, and what to install where one of them is missing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from designspace.errors import InputError

EXTRAS: Mapping[str, tuple[str, ...]] = {"onnx": ("onnx", "onnxscript", "onnxruntime")}
"""The modules behind each extra of the distribution, by the extra's name."""


def require_extra(extra: str, purpose: str) -> None:
    """Refuse to go on where a package of an extra is not installed.

    Args:
        extra: One of `EXTRAS`.
        purpose: What needs it, as the subject of a sentence.

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
