"""The network that a command works on: find it by name, and tell the user what the name means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from designspace.naming import Named, Task


def find(name: str, changes: list[str] | None = None, *, quiet: bool = False) -> Named:
    """Find a network, and explain its name in one line if the name is not clear by itself.

    Args:
        name: Name as the user gave it.
        changes: Words of the form `path=value`.
        quiet: Whether to print nothing, as for JSON output.

    Raises:
        InputError: There is no network with this name, or a change is wrong.
    """
    from designspace.naming import find_network
    from designspace.spec.documents.changes import parse_set

    named = find_network(name, parse_set(changes or []))
    if named.says and not quiet:
        typer.echo(named.says)
    return named


def tell_weights(name: str) -> None:
    """Print the trial or run that the weights of a name are from; print nothing for a file."""
    from designspace.naming import find_network, holds_training
    from designspace.records.study.trial_names import parted

    if parted(name) or holds_training(Path(name)):
        typer.echo(find_network(name).says)


def task_line(named: Named, task: Task) -> str:
    """Return the task in words if it was taken from a training, else an empty text."""
    trained = (named.num_classes, named.in_channels, named.input_size)
    if named.num_classes is None or trained != (
        task.num_classes,
        task.in_channels,
        task.input_size,
    ):
        return ""
    channels = "1 channel" if task.in_channels == 1 else f"{task.in_channels} channels"
    return f"for {task.num_classes} classes, {channels} and {task.input_size} pixels, as trained"


def as_json(named: Named) -> dict[str, Any]:
    """Return what a name stands for, as plain data."""
    return {
        "name": named.name,
        "is": named.sort,
        "title": named.title,
        "trial": named.trial,
        "weights": None if named.weights is None else str(named.weights),
        "says": named.says or None,
    }
