"""The reference of every command, from the command line itself."""

from __future__ import annotations

import inspect
from typing import Any

import typer

from designspace.cli.app import app
from generate.markdown import table


def page() -> str:
    """One section per command, in the order of `designspace --help`."""
    group: Any = typer.main.get_command(app)
    context = group.context_class(group, info_name="designspace")
    parts = [
        "# Command reference\n\nThis page is generated from the command line. Every command also "
        "prints it with `--help`. Commands that take a network take it under "
        "[any of its names](../networks.md#one-way-to-name-a-network).\n\n"
        "Tables fit the terminal: long text wraps, and columns that do not fit are named in a "
        "note. In a pipe nothing is left out. With `--json`, numbers are whole and unrounded. "
        "[Exit codes](../troubleshooting.md#exit-codes) tell scripts how a command ended."
    ]
    for name, command in _listed(group, context, ""):
        parts.append(_command(name, command, context))
    return "\n\n".join(parts)


def _listed(group: Any, context: Any, prefix: str) -> list[tuple[str, Any]]:
    """Commands and the commands inside groups, with their full names."""
    found: list[tuple[str, Any]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "list_commands"):
            found += _listed(command, context, f"{prefix}{name} ")
        else:
            found.append((f"{prefix}{name}", command))
    return found


def _command(name: str, command: Any, parent: Any) -> str:
    context = command.context_class(command, info_name=name, parent=parent)
    usage = " ".join(command.collect_usage_pieces(context))
    parameters = [p for p in command.get_params(context) if not getattr(p, "hidden", False)]
    records = [record for p in parameters if (record := _help(p, context))]
    rows = [[f"`{shown.strip()}`", said] for shown, said in records]
    about = inspect.cleandoc(command.help or "")
    return (
        f"## {name}\n\n{about}\n\n```text\ndesignspace {name} {usage}\n```\n\n"
        f"{table(['argument or option', 'meaning'], rows)}"
    )


def _help(parameter: Any, context: Any) -> tuple[str, str] | None:
    record = parameter.get_help_record(context)
    if record is None:
        return None
    shown, said = record
    return shown, said.replace("<", "&lt;").replace("*", "\\*")
