"""Match given tensors, read in one layout, to the names and shapes of one network.

The rules of the layout rewrite each given name into our possible names, and the first of them that
the network has is the tensor's place. The tensor is taken if its shape fits: unchanged, as an
adapted first convolution, or as an interpolated table. For example, `layer1.0.conv1.weight` of
torchvision's ResNet goes to `stages.0.blocks.0.branch.pointwise1.weight`, and its shape becomes
(64, 64) instead of (64, 64, 1, 1).

All other names are sorted into lists: buffers that are recomputed, given tensors that are unused,
tensors of the network that keep their initial values, and misfits. Weights fit if the list of
misfits (`Match.wrong`) is empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from designspace.weights.conversions.channels import adapted, first_convolution
from designspace.weights.layout import Layout, Rule, Shape

Tensors = Mapping[str, Tensor]
CLASSIFIER = ("head.classifier.weight", "head.classifier.bias")
HEAD = "head."
_COUNTER = "num_batches_tracked"  # old checkpoints lack it, and no result depends on it
_OF_PRETRAINING = re.compile(
    r"(mask_token|n_averaged|logit_scale|queue|queue_ptr)"
    r"|(decoder|proj|pred|projectors?|predictor|prototypes|norms|momentum|criterion|loss)[._].*"
    r"|decoder_.*"
)
"""Names of tensors that only a pre-training needs and that none of our classifiers has."""


@dataclass
class Match:
    """The result of reading given tensors in one layout for one network.

    Attributes:
        layout: Layout in which they are read.
        tensors: Tensors that fit, under our names and in our shapes.
        named: Number of given names that the layout knows.
        resized: Our names of tables that were interpolated.
        recomputed: Names of buffers that follow from the architecture and are not read.
        unused: Given names that the network has no use for, such as a pre-training decoder's.
        initial: Our names of tensors that keep their initial values, without the classifier's.
        channels: Number of input channels of the given first convolution; None if it equals the
            network's.
        classes: Number of classes of the given classifier; None if it equals the network's, 0 if
            there is no classifier.
        wrong: One phrase per misfit.
    """

    layout: Layout
    tensors: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    named: int = 0
    resized: list[str] = field(default_factory=list[str])
    recomputed: list[str] = field(default_factory=list[str])
    unused: list[str] = field(default_factory=list[str])
    initial: list[str] = field(default_factory=list[str])
    channels: int | None = None
    classes: int | None = None
    wrong: list[str] = field(default_factory=list[str])


def match(
    layout: Layout, given: Tensors, own: Tensors, beside: Tensors, left_out: tuple[str, ...] = ()
) -> Match:
    """Read given tensors in a layout.

    Args:
        layout: Layout in which to read them.
        given: Tensors that were read, by name.
        own: Tensors of the network, by our names.
        beside: Tensors stored beside them; those that fit are taken, the others are unused.
        left_out: Prefixes of our names that this network deliberately lacks.
    """
    reading = _Reading(Match(layout), {**beside, **given}, own, left_out)
    for theirs, tensor in given.items():
        reading.take(theirs, tensor, optional=False)
    for theirs, tensor in beside.items():
        reading.take(theirs, tensor, optional=True)
    reading.settle_classifier()
    reading.name_the_unfit()
    reading.name_the_missing()
    return reading.match


class _Reading:
    """The work on one match."""

    def __init__(
        self, match: Match, given: Tensors, own: Tensors, left_out: tuple[str, ...]
    ) -> None:
        self.match, self.given, self.own, self.left_out = match, given, own, left_out
        self.unfit: dict[str, str] = {}
        shapes = {name: tuple(tensor.shape) for name, tensor in own.items()}
        self.first = first_convolution(shapes)

    def take(self, theirs: str, tensor: Tensor, *, optional: bool) -> None:
        """Place one tensor, or note why it has no place.

        Args:
            theirs: Given name.
            tensor: The tensor.
            optional: Whether the tensor stood beside the given ones, so a misfit is no error.
        """
        layout = self.match.layout
        if layout.is_table(theirs):
            self.match.named += 1
            self.match.recomputed.append(theirs)
            return
        targets = list(layout.ours(theirs))
        found = next((target for target in targets if target[0] in self.own), None)
        self.match.named += found is not None if layout.is_own else bool(targets)
        if self.left_out and any(ours.startswith(self.left_out) for ours, _ in targets):
            return
        if found is None:
            self._no_place(theirs, optional=optional)
        elif optional:
            self._take_beside(theirs, *found, tensor)
        else:
            self._place(theirs, *found, tensor)

    def _no_place(self, theirs: str, *, optional: bool) -> None:
        if optional or _OF_PRETRAINING.fullmatch(theirs):
            self.match.unused.append(theirs)
        else:
            self.match.wrong.append(f"{theirs} is not in the network")

    def _take_beside(self, theirs: str, ours: str, rule: Rule, tensor: Tensor) -> None:
        """Take the tensor if its place is free, and if it fits or is a classifier's."""
        fits = self._fitted(ours, rule, tensor) is not None or ours in CLASSIFIER
        if fits and tensor.is_floating_point() and ours not in self.match.tensors:
            self._place(theirs, ours, rule, tensor)
        else:
            self.match.unused.append(theirs)

    def _place(self, theirs: str, ours: str, rule: Rule, tensor: Tensor) -> None:
        """Take the tensor if its shape fits: unchanged, adapted, or interpolated as a table."""
        if self.own[ours].is_floating_point() and not tensor.is_floating_point():
            kind = "complex" if tensor.is_complex() else "whole"
            self.match.wrong.append(f"{theirs} holds {kind} numbers, but fractions are needed")
        fitted = self._fitted(ours, rule, tensor)
        if fitted is None:
            self.unfit[ours] = theirs
        else:
            self.match.tensors[ours] = fitted

    def _fitted(self, ours: str, rule: Rule, tensor: Tensor) -> Tensor | None:
        shape, given = tuple(self.own[ours].shape), tuple(tensor.shape)
        if rule.reverses and tensor.ndim > 1:
            tensor = tensor.flip(1)
        if _plain(given) == _plain(rule.form(shape)):
            return tensor.reshape(shape)
        if rule.convert is not None:
            return rule.convert(tensor, shape)
        if ours == self.first and given[:1] + given[2:] == shape[:1] + shape[2:] and given[1]:
            self.match.channels = given[1]
            return adapted(tensor, shape[1])
        resized = rule.resize(tensor, shape) if rule.resize else None
        if resized is not None:
            self.match.resized.append(ours)
        return resized

    def settle_classifier(self) -> None:
        """Leave the classifier out if only its number of classes differs or if it is not given."""
        there = [name for name in CLASSIFIER if name in self.own]
        if not there or not self.match.tensors:
            return
        if all(name not in self.match.tensors and name not in self.unfit for name in there):
            self.match.classes = 0
            return
        shapes = [tuple(self.given[self.unfit[name]].shape) for name in there if name in self.unfit]
        features = [tuple(self.own[name].shape[1:]) for name in there]
        if len(shapes) == len(there) and [shape[1:] for shape in shapes] == features:
            self.match.classes = shapes[0][0]
            for name in there:
                del self.unfit[name]

    def name_the_unfit(self) -> None:
        """Note the expected shape for each tensor with another shape."""
        for ours, theirs in self.unfit.items():
            rule = next(rule for name, rule in self.match.layout.ours(theirs) if name == ours)
            wanted = rule.form(tuple(self.own[ours].shape))
            shape = tuple(self.given[theirs].shape)
            self.match.wrong.append(f"{theirs} is {shape}, but {wanted} is needed")

    def name_the_missing(self) -> None:
        """Classify the network's tensors that were not given: recomputed, initial or missing."""
        missing = [n for n in self.own if n not in self.match.tensors and n not in self.unfit]
        for ours in missing:
            if ours.endswith(_COUNTER):
                self.match.recomputed.append(ours)
            elif self.match.classes is not None and ours in CLASSIFIER:
                continue
            elif self.match.classes == 0 and ours.startswith(HEAD):
                self.match.initial.append(ours)
            else:
                found = self.match.layout.theirs(ours)
                self.match.wrong.append(f"{found[0] if found else ours} is missing")


def _plain(shape: Shape) -> Shape:
    """Return the sides that are not 1, so a vector equals the same vector written as a map."""
    return tuple(side for side in shape if side != 1)
