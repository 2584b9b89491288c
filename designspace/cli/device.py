"""The device that is meant by `auto`."""

from __future__ import annotations


def chosen(name: str) -> str:
    """`auto` is a GPU where there is one; any other name is taken at its word."""
    if name != "auto":
        return name
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
