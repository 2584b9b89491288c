"""The device that a person names."""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import torch

from designspace.errors import InputError
from designspace.records.environment import cpu_name

VALID = "valid: cpu, cuda"


def device_of(name: str) -> torch.device:
    """The device that a person names, "cpu" or "cuda", or "cuda:1" for one of several.

    Raises:
        InputError: for a device that is unknown, of another kind, or absent.
    """
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"unknown device '{name}'", hint=VALID) from error
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"the device '{name}' is not supported", hint=VALID)
    if device.type == "cuda":
        _check_there(device)
    return device


def _check_there(device: torch.device) -> None:
    if not torch.cuda.is_available():
        raise InputError("no CUDA device here", hint="use the device 'cpu'")
    count = torch.cuda.device_count()
    if (device.index or 0) >= count:
        raise InputError(f"no CUDA device {device.index} here", hint=f"valid: 0 to {count - 1}")


def device_name(device: torch.device) -> str:
    """The model of a GPU, or of the processor."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()
