"""The device that is meant by `auto`."""

from __future__ import annotations


def chosen(name: str) -> str:
    """Return the device's name: `auto` is a GPU where there is one.

    Raises:
        InputError: The device is unknown or not here.
    """
    import torch

    if name != "auto":
        from designspace.compiler.device import device_of

        device_of(name)
        return name

    return "cuda" if torch.cuda.is_available() else "cpu"
