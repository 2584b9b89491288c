"""Devices by the names that users give."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from designspace.errors import InputError
from designspace.records.environment import cpu_name

VALID = "valid: cpu, cuda"


def device_of(name: str) -> torch.device:
    """Return the device that the user names: "cpu", "cuda", or "cuda:1" for one of several GPUs.

    Raises:
        InputError: The device is unknown, of another kind, or absent.
    """
    device = named_device(name)
    if device.type == "cuda":
        _check_there(device)
    return device


def named_device(name: str) -> torch.device:
    """Return the device of a valid name, whether or not this machine has it.

    Raises:
        InputError: The device is unknown or of another kind.
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
    """Return the device that the user names; a numbered GPU becomes the current device.

    Libraries that are not given a device use the current one. Without this, they would open a
    context on GPU 0 and hold hundreds of megabytes there.

    Raises:
        InputError: The device is unknown, of another kind, or absent.
    """
    device = device_of(name)
    if device.type == "cuda" and ":" in name:
        torch.cuda.set_device(device)
    return device


def choose(name: str) -> str:
    """Return the device's name; a named device becomes the current one, as in `in_use`.

    `auto` stands for `cuda` if this machine has a GPU, else for `cpu`.

    Raises:
        InputError: The device is unknown, of another kind, or absent.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    in_use(name)
    return name


def wait_for(device: torch.device | str) -> None:
    """Wait until a device has finished all its work; a time measured before that is too short."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


def described(name: str) -> str | None:
    """Return a device with its model; None for a GPU if this machine has none (a cluster may)."""
    if name != "cpu" and not torch.cuda.is_available():
        return None
    return f"{name} ({device_name(device_of(name)) or 'unknown model'})"


def unused_gpu() -> str:
    """Return why torch does not use this machine's GPU; empty if it does or no GPU is visible."""
    hidden = "CUDA_VISIBLE_DEVICES" in os.environ  # the user's choice
    if torch.cuda.is_available() or hidden or not any(Path("/dev").glob("nvidia[0-9]*")):
        return ""
    if not torch.backends.cuda.is_built():
        return "this machine has a GPU, but this torch is built without CUDA"
    return "this machine has a GPU, but CUDA does not start: see nvidia-smi, and its driver version"


def device_name(device: torch.device) -> str:
    """Return the model of a GPU, or of the processor."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()
