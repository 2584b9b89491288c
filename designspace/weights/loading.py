"""Loading weights of any known layout into a network, all or none."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

from torch import nn

from designspace.errors import InputError
from designspace.weights.layout import Origin
from designspace.weights.preprocessing import IMAGENET, Preprocessing
from designspace.weights.recognise import CLASSIFIER, Match, recognise
from designspace.weights.sources import Source, Weights, read_weights

_SHOWN = 3

Classifier = Literal["auto", "replace", "match"]


@dataclass(frozen=True)
class Loaded:
    """What was matched.

    Attributes:
        source: Where the weights are from.
        layout: Whose layout they have.
        family: The family that the layout is for.
        tensors: Number of tensors loaded.
        recomputed: Buffers that follow from the architecture, and were not read.
        resized: Tables that were interpolated from another size of input or window.
        classifier_replaced: Whether the classifier was left at its initial values.
        told: All of this as one sentence.
        preprocessing: The input that the weights were trained for; None where nobody knows.
    """

    source: str
    layout: Origin
    family: str
    tensors: int
    recomputed: tuple[str, ...]
    resized: tuple[str, ...]
    classifier_replaced: bool
    told: str
    preprocessing: Preprocessing | None

    def __str__(self) -> str:
        return self.told


def load_weights(model: nn.Module, source: Source, *, classifier: Classifier = "auto") -> Loaded:
    """Load weights in our layout, timm's or the authors', all or none.

    Args:
        model: A network from `build`. One that says with `left_out` how the names begin of what it
            has not, such as a network without its head, takes the weights of the whole one.
        source: A state dict; a safetensors or torch file (read without unpickling code; nested
            under `model`, `state_dict` or `model_ema` as the authors' are, the averaged ones
            first); a run's directory, `STUDY:TRIAL` or `STUDY:winner`; or `timm:NAME[.TAG]`,
            through timm's network access or cache.
        classifier: Where the weights have other classes than the network, its classifier stays at
            its initial values: `auto` does so with a warning, `replace` without, `match` refuses.

    Returns:
        What was matched; as text, a sentence.

    Raises:
        InputError: The source is missing or broken, or its tensors are not the network's: the first
            ones at fault are named, and the network is left as it was.
    """
    weights = read_weights(source)
    own = model.state_dict()
    match = recognise(weights.tensors, own, getattr(model, "left_out", ()))
    if classifier == "match" and match.classes is not None:
        there = f"{match.classes} classes" if match.classes else "no classifier"
        match.wrong.append(f"they have {there}, the network has {_classes(model)}")
    if match.wrong:
        raise InputError(_refused(match), file=weights.name)
    replaced = match.classes is not None
    told = _told(match, len(own), _classes(model))
    if replaced and classifier == "auto":
        warnings.warn(told, stacklevel=2)
    model.load_state_dict(match.tensors, strict=False)
    return _report(weights, match, told)


def _report(weights: Weights, match: Match, told: str) -> Loaded:
    origin = match.layout.origins[0]
    published = None if origin == "designspace" else IMAGENET
    return Loaded(
        source=weights.name,
        layout=origin,
        family=match.layout.family,
        tensors=len(match.tensors),
        recomputed=tuple(match.recomputed),
        resized=tuple(match.resized),
        classifier_replaced=match.classes is not None,
        told=told,
        preprocessing=weights.preprocessing or published,
    )


def _classes(model: nn.Module) -> int:
    weight = model.state_dict().get(CLASSIFIER[0])
    return 0 if weight is None else int(weight.shape[0])


def _refused(match: Match) -> str:
    shown = "; ".join(match.wrong[:_SHOWN])
    more = f", and {len(match.wrong) - _SHOWN} more" if len(match.wrong) > _SHOWN else ""
    return f"the weights do not fit the network (read in {match.layout.title}): {shown}{more}"


def _told(match: Match, own: int, classes: int) -> str:
    parts = [f"{len(match.tensors)} of {own} tensors in {match.layout.title}"]
    if match.classes is not None:
        there = f"{match.classes} classes" if match.classes else "none"
        parts.append(
            f"classifier left at its initial values ({there} in the weights, {classes} here)"
        )
    if match.resized:
        parts.append(
            f"{len(match.resized)} tables interpolated to this size, {match.resized[0]} first"
        )
    if match.recomputed:
        parts.append(f"{len(match.recomputed)} buffers recomputed")
    if match.layout.remark:
        parts.append(match.layout.remark)
    return "; ".join(parts)
