"""The device that a person names."""

from __future__ import annotations

import torch

from designspace.errors import InputError
from designspace.records.environment import cpu_name


def device_of(name: str) -> torch.device:
    """The device that a person names, "cpu" or "cuda".

    Raises:
        InputError: for a device that is unknown or absent.
    """
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"unknown device '{name}'", hint="valid: cpu, cuda") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError("no CUDA device here", hint="use the device 'cpu'")
    return device


def device_name(device: torch.device) -> str:
    """The model of a GPU, or of the processor."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()
