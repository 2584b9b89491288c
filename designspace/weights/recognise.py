"""Find the layout of given tensors for a network."""

from __future__ import annotations

from collections.abc import Iterable

from designspace.weights.layout import Layout
from designspace.weights.layouts import known
from designspace.weights.match import Match, Tensors, match

_ENOUGH = 0.5  # share of the names that a layout must know


def recognise(
    given: Tensors,
    own: Tensors,
    left_out: tuple[str, ...] = (),
    beside: Tensors | None = None,
) -> Match:
    """Return the match in the layout in which most of the given tensors fit the network.

    Only layouts of the network's own family are tried. Weights of another family are in no known
    layout of this network, however many shapes happen to agree.

    Args:
        given: Tensors that were read, by name.
        own: Tensors of the network, by our names.
        left_out: Prefixes of our names that this network deliberately lacks.
        beside: Tensors stored beside the given ones, which need not fit.
    """
    shapes = {name: tuple(tensor.shape) for name, tensor in own.items()}
    matches = [
        match(layout, given, own, beside or {}, left_out)
        for layout in known()
        if layout.is_for(shapes)
    ]
    return max(matches, key=lambda found: (len(found.tensors), -len(found.wrong)))


def is_known(found: Match, given: Tensors) -> bool:
    """Return whether the layout knows enough of the given names to be theirs."""
    return found.named >= _ENOUGH * len(given)


def resemblance(names: Iterable[str]) -> Layout | None:
    """Return the layout of any family that knows most of these names; None below half of them."""
    names = list(names)
    published = [layout for layout in known() if not layout.is_own]
    scores = [(sum(_knows(layout, name) for name in names), layout) for layout in published]
    best, layout = max(scores, key=lambda score: score[0])
    return layout if best >= _ENOUGH * len(names) else None


def _knows(layout: Layout, name: str) -> bool:
    return layout.is_table(name) or next(layout.ours(name), None) is not None
