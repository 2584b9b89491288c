"""Load weights of any known layout into a network, all or none."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

from torch import nn

from designspace.errors import InputError
from designspace.weights.conversions import channels
from designspace.weights.layout import Origin
from designspace.weights.match import CLASSIFIER, Match
from designspace.weights.preprocessing import Preprocessing, published_view
from designspace.weights.reading.containers import TensorSet
from designspace.weights.recognise import recognise
from designspace.weights.sentences import account, refusal
from designspace.weights.sources import Source, Weights, read_weights

Classifier = Literal["auto", "replace", "match"]


@dataclass(frozen=True)
class Loaded:
    """The report of loading weights.

    Attributes:
        source: Source of the weights.
        layout: Code base whose layout they have.
        family: Family that the layout is for.
        tensors: Number of tensors loaded.
        recomputed: Buffers that follow from the architecture and were not read.
        resized: Tables that were interpolated from another size of input or window.
        initial: Tensors that the weights lack and that keep their initial values, such as the
            head's if the weights are those of a backbone.
        unused: Tensors that the network has no use for, such as a pre-training decoder.
        classifier_replaced: Whether the classifier was left at its initial values.
        told: Summary of all this in one sentence.
        preprocessing: Input that the weights were trained for, with as many channels as the network
            has; None if it is unknown.
        stated: Whether the source states that input; otherwise it is the family's published one.
        stem_width: Number of channels of the stem; None for a stem without convolution.
    """

    source: str
    layout: Origin
    family: str
    tensors: int
    recomputed: tuple[str, ...]
    resized: tuple[str, ...]
    initial: tuple[str, ...]
    unused: tuple[str, ...]
    classifier_replaced: bool
    told: str
    preprocessing: Preprocessing | None
    stated: bool
    stem_width: int | None

    def __str__(self) -> str:
        return self.told

    @property
    def license(self) -> str | None:
        """License of the weights; None if their source does not state it."""
        return self.preprocessing.license if self.preprocessing else None

    def view(self, size: int | None) -> Preprocessing | None:
        """Return the view that these weights were measured with, at a size; None if it is unknown.

        It is the view that their source states, else the one that the family's authors use.
        """
        if self.preprocessing is None or self.stated:
            return self.preprocessing and self.preprocessing.at(size)
        view = published_view(self.family, size, origin=self.layout, width=self.stem_width)
        return view.on(len(self.preprocessing.mean))


def load_weights(model: nn.Module, source: Source, *, classifier: Classifier = "auto") -> Loaded:
    """Load weights in our layout, timm's, torchvision's or the authors', all or none.

    Containers and wrappers' prefixes of training code are removed, and averaged weights are tried
    first. If the image has another number of channels, the first convolution is adapted as in timm.
    Weights of a backbone leave the head at its initial values. The result reports all of this.

    Args:
        model: Network from `build`. One with an attribute `left_out`, the prefixes of parameters
            that it lacks, takes the weights of the whole network; an example is a network without
            its head.
        source: A state dict; a safetensors or torch file, or a directory with one (read without
            unpickling code); a run's directory, `STUDY:TRIAL` or `STUDY:winner`; or
            `timm:NAME[.TAG]`, through timm's network access or cache.
        classifier: Treatment of weights with another number of classes than the network. Its
            classifier keeps its initial values with `auto`, which warns, and with `replace`;
            `match` is an error.

    Returns:
        The report; as text, one sentence.

    Raises:
        InputError: The source is missing or broken, or its tensors do not fit the network: the
            error names the first ones at fault, and the network does not change.
    """
    weights = read_weights(source)
    found, match = _first_that_fits(model, weights)
    if classifier == "match" and match.classes is not None and not match.wrong:
        there = f"{match.classes} classes" if match.classes else "no classifier"
        match.wrong.append(f"they have {there}, the network has {_classes(model)}")
    if match.wrong:
        raise InputError(refusal(found, match, weights), file=weights.name)
    network = len(model.state_dict()), _stem(model)[1] or 0, _classes(model)
    loaded = _report(weights, match, account(match, found, weights, network), model)
    if loaded.classifier_replaced and classifier == "auto":
        warnings.warn(loaded.told, stacklevel=2)
    model.load_state_dict(match.tensors, strict=False)
    return loaded


def _first_that_fits(model: nn.Module, weights: Weights) -> tuple[TensorSet, Match]:
    """Return the first set of tensors that fits the network, else the one that fits best."""
    own, left_out = model.state_dict(), getattr(model, "left_out", ())
    tried: list[tuple[TensorSet, Match]] = []
    for found in weights.sets:
        match = recognise(found.tensors, own, left_out, found.beside)
        if not match.wrong:
            return found, match
        tried.append((found, match))
    return max(tried, key=lambda pair: (len(pair[1].tensors), -len(pair[1].wrong)))


def _report(weights: Weights, match: Match, told: str, model: nn.Module) -> Loaded:
    layout = match.layout
    origin = layout.origins[0]
    width, inputs = _stem(model)
    published = None
    if not layout.is_own:
        published = published_view(layout.family, _nominal(model), origin=origin, width=width)
    known = weights.preprocessing or published
    return Loaded(
        source=weights.name,
        layout=origin,
        family=layout.family,
        tensors=len(match.tensors),
        recomputed=tuple(match.recomputed),
        resized=tuple(match.resized),
        initial=tuple(match.initial),
        unused=tuple(match.unused),
        classifier_replaced=match.classes is not None,
        told=told,
        preprocessing=known and known.on(inputs or len(known.mean)),
        stated=weights.preprocessing is not None,
        stem_width=width,
    )


def _stem(model: nn.Module) -> tuple[int | None, int | None]:
    """Return output and input channels of the stem's convolution; None for a stem without one."""
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    first = channels.first_convolution(shapes)
    return shapes[first][:2] if first else (None, None)  # pyright: ignore[reportReturnType]


def _nominal(model: nn.Module) -> int | None:
    """Return the side of the image that the network is specified for, in pixels."""
    return getattr(getattr(model, "spec", None), "input_size", None)


def _classes(model: nn.Module) -> int:
    weight = model.state_dict().get(CLASSIFIER[0])
    return 0 if weight is None else int(weight.shape[0])
