"""Pretrained weights with which a training begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from designspace.compiler import BuiltNetwork
from designspace.weights import Loaded, Weights, load_weights, read_weights
from designspace.weights.integrity import values_digest
from designspace.weights.match import CLASSIFIER


@dataclass(frozen=True)
class Initial:
    """Weights with their identity.

    Attributes:
        weights: Weights as read from their source.
        digest: Digest of names, shapes and values, 16 hex digits.
    """

    weights: Weights
    digest: str

    def load_into(self, model: BuiltNetwork, classes: Sequence[str]) -> Loaded:
        """Load the weights into a model; if they name their classes, match the classifier by name.

        If the names are the same in another order, the rows of the classifier are reordered. If the
        classes or their number differ, the model's classifier keeps its initial values.

        Args:
            model: Network with as many classes as `classes`.
            classes: Names of the classes, in the order of the labels.

        Raises:
            InputError: The weights do not fit this network.
        """
        state = model.state_dict()
        initial = {name: state[name].clone() for name in CLASSIFIER if name in state}
        loaded = load_weights(model, self.weights, classifier="replace")
        known: list[str] = list(self.weights.facts.get("classes") or classes)
        if loaded.classifier_replaced or known == list(classes):
            return loaded
        if sorted(known) == sorted(classes):
            order = [known.index(name) for name in classes]
            state = model.state_dict()
            _assign(model, {name: state[name][order].clone() for name in initial})
            return replace(
                loaded, told=f"{loaded.told}; classifier reordered to match the classes of the data"
            )
        _assign(model, initial)
        told = (
            f"{loaded.told}; classifier left at its initial values (the weights have the classes "
            f"{_shown(known)}, the data {_shown(classes)})"
        )
        return replace(loaded, classifier_replaced=True, told=told)


def _assign(model: BuiltNetwork, values: Mapping[str, Tensor]) -> None:
    model.load_state_dict(values, strict=False)


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def read_initial(source: str) -> Initial:
    """Read weights from a source that `designspace.load_weights` takes: a file, or `timm:NAME`.

    Raises:
        InputError: The weights are missing or unreadable.
    """
    weights = read_weights(source)
    return Initial(weights, values_digest(weights.tensors))
