"""The `designspace` command: its subcommands, and how errors are shown."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable
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
    score,
    search,
    show,
    space,
    status,
    train,
    verify,
)
from designspace.cli import eval as evaluation
from designspace.cli.input.plugins import EPILOG, HELP, taken
from designspace.errors import DesignspaceError, InputError, MachineError, StoppedError
from designspace.stopping import asked, die_of_broken_pipes

INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

app = typer.Typer(
    help="Architecture search and design spaces for vision backbones.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _add(verb: Callable[..., None], name: str | None = None) -> None:
    """Add a command; its summary in the list is the first line of its docstring, in full."""
    summary = (verb.__doc__ or "").strip().splitlines()[0]
    app.command(name, short_help=summary, epilog=EPILOG)(verb)


for verb in (
    build.build,
    export.export,
    cost.cost,
    diff.diff,
    ladder.ladder,
    catalog.catalog,
    show.show,
    schema.schema,
):
    _add(verb)
app.add_typer(space.space, name="space")
for verb in (sample.sample, bench.bench, score.score, data.data, train.train):
    _add(verb)
_add(evaluation.evaluate, "eval")
for verb in (
    compare.compare,
    search.search,
    resume.resume,
    status.status,
    report.report,
    verify.verify,
):
    _add(verb)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"designspace {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    plugin: Annotated[list[str] | None, typer.Option(metavar="FILE.py", help=HELP)] = None,
) -> None:
    """Architecture search and design spaces for vision backbones."""


def _run() -> int:
    """Load the plug-ins, then run the command; return the exit code."""
    from designspace.plugins.advice import command_line

    words, files = taken(sys.argv[1:])
    with command_line():
        if files:
            from designspace.plugins import use_plugin

            for file in files:
                use_plugin(file)
        return app(args=words or ["--help"], standalone_mode=False)


def _verb() -> str:
    """Return the name of the command, wherever `--plugin` is on the line."""
    return "".join(taken(sys.argv[1:])[0][:1])


def main() -> None:
    """Run the command line; user errors become one line and an exit code.

    Exit codes: 0 done, 1 internal, 2 bad input, 3 infeasible, 4 some trainings failed or
    diverged, 130 interrupted by SIGINT, SIGTERM or SIGHUP, after one line that says what was kept.
    """
    die_of_broken_pipes()
    try:
        code = _run()
        sys.stdout.flush()
    except StoppedError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(error.exit_code) from None
    except DesignspaceError as error:
        raise SystemExit(_failed(str(error), error.exit_code)) from None
    except TyperException as error:  # a wrong command, argument or option
        said = error.format_message().rstrip(".?")
        raise SystemExit(_failed(f"{said}; see --help", InputError.exit_code)) from None
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as error:
        raise SystemExit(_system_failed(error)) from None
    except SystemExit as ending:  # typer turns some interruptions into an exit
        code = ending.code
    if code == INTERRUPTED:
        _say_interrupted()
    raise SystemExit(code or 0)


def _say_interrupted() -> None:
    """Report what was kept, if the terminal still exists."""
    kept = _verb() in ("train", "search", "resume")
    left = "the same command continues from here" if kept else "nothing was written"
    with contextlib.suppress(OSError):
        sys.stderr.write(f"interrupted; {left}\n")
        sys.stderr.flush()
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_LESS_MEMORY = {
    "train": "try --recipe-set precision=bfloat16, a smaller --recipe-set batch_size or --device "
    "cpu",
    "eval": "try --device cpu, a smaller --input-size or a --recipe with a smaller batch_size",
    "verify": "try --device cpu",
    "score": "try a smaller --batch-size or --device cpu",
    "bench": "try smaller batch sizes or a smaller --input-size",
    "export": "try a smaller --input-size",
    "build": "try a smaller --input-size",
}
"""Advice on using less memory, by command."""


def _plugin_failed(error: Exception) -> int:
    """Report the line of the user's own file in which an error arose; raise other errors again."""
    from designspace.plugins import blamed

    where = blamed(error)
    if where is None:
        raise error
    title = f"{where}: {type(error).__name__}"
    return _failed(f"{title}: {error}" if str(error) else title, InputError.exit_code)


def _system_failed(error: Exception) -> int:
    """Report a lack of memory, a lost GPU, a failed write or a failing plug-in.

    Any other error is raised again.
    """
    from designspace.failures.words import machine_failure

    said = machine_failure(error, _LESS_MEMORY.get(_verb(), ""))
    if said is not None:
        return _failed(said, MachineError.exit_code)
    if isinstance(error, OSError):
        return _refused_output(error)
    return _plugin_failed(error)


def _refused_output(error: OSError) -> int:
    """Report that standard output cannot be written, as on a full disk.

    Any other error is raised again.

    Returns:
        The exit code; that of an interruption if a signal came first, such as a closed terminal.
    """
    if asked():
        return INTERRUPTED
    if error.filename is not None or error.errno not in _FULL:
        raise error
    number = sys.stdout.fileno()
    try:
        os.write(number, b"\n")
    except OSError:
        # Python would flush again at exit, and print a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        said = f"standard output cannot be written: {error.strerror}"
        return _failed(said, InputError.exit_code)
    else:
        raise error


def _failed(said: str, code: int) -> int:
    """Report an error in one line, whatever the user typed; return the exit code."""
    sys.stderr.write(f"error: {' '.join(said.splitlines())}\n")
    return code
