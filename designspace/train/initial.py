"""Weights that a training begins with."""

from __future__ import annotations

from dataclasses import dataclass

from designspace.compiler import Compiled
from designspace.weights import Loaded, Weights, load_weights, read_weights
from designspace.weights.integrity import values_digest


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
