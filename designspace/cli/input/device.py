"""The choice of a device, including `auto`."""

from __future__ import annotations


def chosen(name: str) -> str:
    """Return the device's name, and make it the current one; `auto` is a GPU if there is one.

    If torch cannot use the GPU of this machine, a line on standard error says why.

    Raises:
        InputError: The device is unknown or not available.
    """
    from designspace.compiler.device import choose

    device = choose(name)
    if name == "auto" and device == "cpu":
        tell_unused()
    return device


def tell_unused() -> None:
    """Report it if the CPU is used although the machine has a GPU."""
    import typer

    from designspace.compiler.device import unused_gpu

    if why := unused_gpu():
        typer.echo(f"the CPU is used: {why}", err=True)
