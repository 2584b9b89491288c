"""Finding the layout of given tensors, and converting them to the names and shapes of a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from designspace.weights.layout import Layout, Rule, Shape
from designspace.weights.layouts import known

Tensors = Mapping[str, Tensor]
CLASSIFIER = ("head.classifier.weight", "head.classifier.bias")
_COUNTER = "num_batches_tracked"  # old checkpoints lack it, and nothing is computed from it


@dataclass
class Match:
    """Given tensors, read in one layout for one network.

    Attributes:
        layout: The layout.
        tensors: What fits, under our names and in our shapes.
        resized: Our names of tables that were interpolated.
        recomputed: Names of buffers that follow from the architecture, and are not read.
        classes: Classes of the given classifier, where they are not the network's; 0 where there
            is no classifier.
        wrong: What does not fit, a phrase each.
    """

    layout: Layout
    tensors: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    resized: list[str] = field(default_factory=list[str])
    recomputed: list[str] = field(default_factory=list[str])
    classes: int | None = None
    wrong: list[str] = field(default_factory=list[str])


def recognise(given: Tensors, own: Tensors, left_out: tuple[str, ...] = ()) -> Match:
    """The given tensors in the layout in which the most of them fit the network's own.

    Args:
        given: What was read.
        own: The network's tensors.
        left_out: How our names begin of what the network has not, and is not to have.
    """
    matches = [_match(layout, _wanted(layout, given, left_out), own) for layout in known()]
    return max(matches, key=lambda match: (len(match.tensors), -len(match.wrong)))


def _wanted(layout: Layout, given: Tensors, left_out: tuple[str, ...]) -> Tensors:
    def goes(theirs: str) -> bool:
        return any(ours.startswith(left_out) for ours, _ in layout.ours(theirs))

    return {name: tensor for name, tensor in given.items() if not (left_out and goes(name))}


def _match(layout: Layout, given: Tensors, own: Tensors) -> Match:
    match = Match(layout)
    unfit: dict[str, str] = {}
    for theirs, tensor in given.items():
        if layout.is_table(theirs):
            match.recomputed.append(theirs)
            continue
        found = _target(layout, theirs, own)
        if found is None:
            match.wrong.append(f"{theirs} is not in the network")
            continue
        ours, rule = found
        if tensor.is_floating_point() < own[ours].is_floating_point():
            match.wrong.append(f"{theirs} holds whole numbers where fractions belong")
        _place(match, rule, ours, tensor, own[ours])
        if ours not in match.tensors:
            unfit[ours] = theirs
    _classifier(match, unfit, given, own)
    match.wrong += _shapes(match, unfit, given, own)
    missing = [name for name in own if name not in match.tensors and name not in unfit]
    match.recomputed += [name for name in missing if name.endswith(_COUNTER)]
    match.wrong += [
        f"{_named(layout, name)} is missing" for name in missing if _counts(match, name)
    ]
    return match


def _target(layout: Layout, theirs: str, own: Tensors) -> tuple[str, Rule] | None:
    return next((found for found in layout.ours(theirs) if found[0] in own), None)


def _place(match: Match, rule: Rule, ours: str, tensor: Tensor, there: Tensor) -> None:
    """Take the tensor where its shape fits, as it is or as a table interpolated."""
    shape = tuple(there.shape)
    if tuple(tensor.shape) == rule.form(shape):
        match.tensors[ours] = tensor.reshape(shape)
        return
    resized = rule.resize(tensor, shape) if rule.resize else None
    if resized is not None:
        match.tensors[ours] = resized
        match.resized.append(ours)


def _classifier(match: Match, unfit: dict[str, str], given: Tensors, own: Tensors) -> None:
    """Where the classifier differs by its number of classes alone, or is not given: leave it."""
    there = [name for name in CLASSIFIER if name in own]
    if not there or not match.tensors:
        return
    if all(name not in match.tensors and name not in unfit for name in there):
        match.classes = 0
        return
    shapes: list[Shape] = [tuple(given[unfit[name]].shape) for name in there if name in unfit]
    features = [tuple(own[name].shape[1:]) for name in there]
    if len(shapes) == len(there) and [shape[1:] for shape in shapes] == features:
        match.classes = shapes[0][0]
        for name in there:
            del unfit[name]


def _counts(match: Match, name: str) -> bool:
    """Whether a tensor of ours that was not given is missed."""
    left = match.classes is not None and name in CLASSIFIER
    return not left and not name.endswith(_COUNTER)


def _shapes(match: Match, unfit: dict[str, str], given: Tensors, own: Tensors) -> list[str]:
    said: list[str] = []
    for ours, theirs in unfit.items():
        found = match.layout.theirs(ours)
        assert found
        wanted = found[1].form(tuple(own[ours].shape))
        said.append(f"{theirs} is {tuple(given[theirs].shape)} where {wanted} belongs")
    return said


def _named(layout: Layout, ours: str) -> str:
    """A tensor of ours as people who hold these weights call it."""
    found = layout.theirs(ours)
    return found[0] if found else ours
