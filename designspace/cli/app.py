"""The `designspace` command: its verbs, and what errors look like."""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from designspace import __version__
from designspace.cli import (
    bench,
    build,
    catalog,
    compare,
    cost,
    data,
    diff,
    export,
    ladder,
    report,
    resume,
    sample,
    schema,
    search,
    show_command,
    signals,
    space,
    status,
    train,
    verify,
)
from designspace.cli import eval as evaluation
from designspace.errors import DesignspaceError, InputError, StoppedError

INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

app = typer.Typer(
    help="Architecture search and design spaces for vision backbones.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (
    build.build,
    export.export,
    cost.cost,
    diff.diff,
    ladder.ladder,
    catalog.catalog,
    show_command.show,
    schema.schema,
):
    app.command()(verb)
app.add_typer(space.space, name="space")
app.command()(sample.sample)
app.command()(bench.bench)
app.command()(signals.signals)
app.command()(data.data)
app.command()(train.train)
app.command("eval")(evaluation.evaluate)
app.command()(compare.compare)
for verb in (search.search, resume.resume, status.status, report.report, verify.verify):
    app.command()(verb)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"designspace {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Architecture search and design spaces for vision backbones."""


def main() -> None:
    """Run the command line; user errors become one line and an exit code.

    Exit codes: 0 done, 1 internal, 2 bad input, 3 infeasible, 4 some trainings failed or
    diverged, 130 interrupted, which ends in one line that says what is left.
    """
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        code = app(args=sys.argv[1:] or ["--help"], standalone_mode=False)
        sys.stdout.flush()
    except StoppedError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(error.exit_code) from None
    except OSError as error:
        _refused_output(error)
        raise SystemExit(InputError.exit_code) from None
    except DesignspaceError as error:
        raise SystemExit(_failed(str(error), error.exit_code)) from None
    except TyperException as error:  # a verb, an argument or an option that is wrong
        said = error.format_message().rstrip(".?")
        raise SystemExit(_failed(f"{said}; see --help", InputError.exit_code)) from None
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except SystemExit as ending:  # typer makes an exit of some interruptions
        code = ending.code
    if code == INTERRUPTED:
        kept = sys.argv[1:2] in (["train"], ["search"], ["resume"])
        left = "the same command goes on from here" if kept else "nothing was written"
        sys.stderr.write(f"interrupted; {left}\n")
    raise SystemExit(code or 0)


def _refused_output(error: OSError) -> None:
    """Say that standard output takes no more, as on a full disk; raise any other error."""
    if error.filename is not None or error.errno not in _FULL:
        raise error
    number = sys.stdout.fileno()
    try:
        os.write(number, b"\n")
    except OSError:
        # Python would flush once more as it exits, and print a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        _failed(f"standard output cannot be written: {error.strerror}", InputError.exit_code)
    else:
        raise error


def _failed(said: str, code: int) -> int:
    """Say what is wrong, in one line whatever was typed; the exit code."""
    sys.stderr.write(f"error: {' '.join(said.splitlines())}\n")
    return code
