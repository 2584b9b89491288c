"""Running the command line inside the test process."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from unittest.mock import patch

from designspace.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command said and its exit code."""

    code: int
    out: str
    err: str


def run(*words: object) -> Ran:
    """Run `designspace` with these words."""
    out, err = io.StringIO(), io.StringIO()
    argv = ["designspace", *(str(word) for word in words)]
    code = 0
    with (
        patch.object(sys, "argv", argv),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())
