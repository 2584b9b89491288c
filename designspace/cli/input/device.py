"""The device that is meant by `auto`."""

from __future__ import annotations


def chosen(name: str) -> str:
    """Return the device's name: `auto` is a GPU where there is one. It becomes the current one.

    Where torch cannot use the GPU of this machine, a line on standard error says why.

    Raises:
        InputError: The device is unknown or not here.
    """
    from designspace.compiler.device import choose

    device = choose(name)
    if name == "auto" and device == "cpu":
        tell_unused()
    return device


def tell_unused() -> None:
    """Say it where the CPU is used although the machine has a GPU."""
    import typer

    from designspace.compiler.device import unused_gpu

    if why := unused_gpu():
        typer.echo(f"the CPU is used: {why}", err=True)
