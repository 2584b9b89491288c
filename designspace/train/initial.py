"""Weights that a training begins with."""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from designspace.compiler import Compiled
from designspace.weights import Loaded, Weights, load_weights, read_weights


@dataclass(frozen=True)
class Initial:
    """Weights with their identity.

    Attributes:
        weights: what was read.
        digest: of names, shapes and values, 16 hex digits.
    """

    weights: Weights
    digest: str

    def load_into(self, model: Compiled) -> Loaded:
        """Loads them; a classifier of another number of classes keeps its first values.

        Raises:
            InputError: They are not this network's.
        """
        return load_weights(model, self.weights, classifier="replace")


def read_initial(source: str) -> Initial:
    """Weights as `designspace.load_weights` takes them: a file, or `timm:NAME`.

    Raises:
        InputError: They are missing or unreadable.
    """
    weights = read_weights(source)
    return Initial(weights, values_digest(weights.tensors))


def values_digest(tensors: Mapping[str, Tensor]) -> str:
    """The identity of weights: of names, shapes and values, 16 hex digits."""
    digest = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        plain = value.detach().cpu().contiguous()
        digest.update(plain.view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]
