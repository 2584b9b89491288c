"""The device that a person names."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from designspace.errors import InputError
from designspace.records.environment import cpu_name

VALID = "valid: cpu, cuda"


def device_of(name: str) -> torch.device:
    """The device that a person names, "cpu" or "cuda", or "cuda:1" for one of several.

    Raises:
        InputError: for a device that is unknown, of another kind, or absent.
    """
    device = named_device(name)
    if device.type == "cuda":
        _check_there(device)
    return device


def named_device(name: str) -> torch.device:
    """The device of a name that is valid, whether this machine has it or not.

    Raises:
        InputError: for a device that is unknown or of another kind.
    """
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"unknown device '{name}'", hint=VALID) from error
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"the device '{name}' is not supported", hint=VALID)
    return device


def _check_there(device: torch.device) -> None:
    if not torch.cuda.is_available():
        raise InputError("no CUDA device here", hint="use the device 'cpu'")
    count = torch.cuda.device_count()
    if (device.index or 0) >= count:
        raise InputError(f"no CUDA device {device.index} here", hint=f"valid: 0 to {count - 1}")


def in_use(name: str) -> torch.device:
    """The device that a person names, made the current one where it is one of several GPUs.

    Libraries that are not told a device take the current one. Without this, they would open a
    context on GPU 0 and hold hundreds of megabytes there.

    Raises:
        InputError: for a device that is unknown, of another kind, or absent.
    """
    device = device_of(name)
    if device.type == "cuda" and ":" in name:
        torch.cuda.set_device(device)
    return device


def choose(name: str) -> str:
    """The device's name: `auto` is a GPU where there is one. It becomes the current one.

    Raises:
        InputError: for a device that is unknown, of another kind, or absent.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    in_use(name)
    return name


def wait_for(device: torch.device | str) -> None:
    """Wait until a device has done all that it was given; a clock reads true only then."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


def described(name: str) -> str | None:
    """A device with its model; None for a GPU where this machine has none, but a cluster may."""
    if name != "cpu" and not torch.cuda.is_available():
        return None
    return f"{name} ({device_name(device_of(name)) or 'unknown model'})"


def unused_gpu() -> str:
    """Why torch uses no GPU although this machine has one, in words; empty where it is not so."""
    hidden = "CUDA_VISIBLE_DEVICES" in os.environ  # as the user wishes
    if torch.cuda.is_available() or hidden or not any(Path("/dev").glob("nvidia[0-9]*")):
        return ""
    if not torch.backends.cuda.is_built():
        return "this machine has a GPU, but this torch is built without CUDA"
    return "this machine has a GPU, but CUDA does not start: see nvidia-smi, and its driver version"


def device_name(device: torch.device) -> str:
    """The model of a GPU, or of the processor."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()
