"""Rows as a pandas table, if pandas is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from designspace.errors import InputError


def frame(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return a `pandas.DataFrame` with one row per mapping.

    Raises:
        InputError: pandas is not installed; the hint is to install it or to read the plain rows.
    """
    try:
        pandas = import_module("pandas")
    except ImportError:
        raise InputError(
            "to_pandas() needs the package pandas, which is not installed",
            hint="install pandas, or read the rows of the same object, which are plain data",
        ) from None
    return pandas.DataFrame(list(rows))
