"""Weights that a training begins with."""

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
        weights: what was read.
        digest: of names, shapes and values, 16 hex digits.
    """

    weights: Weights
    digest: str

    def load_into(self, model: BuiltNetwork, classes: Sequence[str]) -> Loaded:
        """Load them; the classifier is matched by the names of its classes, where weights have any.

        The same names in another order are put in order. A classifier of other classes keeps its
        initial values, as one of another number of classes does.

        Args:
            model: Of as many classes as `classes`.
            classes: Names, in the order of the labels.

        Raises:
            InputError: They are not this network's.
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
                loaded, told=f"{loaded.told}; classifier put in the order of the classes"
            )
        _assign(model, initial)
        told = (
            f"{loaded.told}; classifier left at its initial values (the weights are of the classes "
            f"{_shown(known)}, the data of {_shown(classes)})"
        )
        return replace(loaded, classifier_replaced=True, told=told)


def _assign(model: BuiltNetwork, values: Mapping[str, Tensor]) -> None:
    model.load_state_dict(values, strict=False)


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def read_initial(source: str) -> Initial:
    """Weights as `designspace.load_weights` takes them: a file, or `timm:NAME`.

    Raises:
        InputError: They are missing or unreadable.
    """
    weights = read_weights(source)
    return Initial(weights, values_digest(weights.tensors))
