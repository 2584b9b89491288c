"""Check that a choice that takes a decision also has what the decision needs.

A choice that newly takes a decision (see `spec.network.needs`) is refused if the base, or a choice
of another axis, lacks something that the decision needs. The axis may have a `when:` on the axis
that provides it, so that the two are only taken together. For example, an axis that sets
`block.wide: middle` (`inverted_bottleneck`) needs depthwise convolutions: either the base has them,
or the axis has a condition on the axis that sets `block.spatial.groups`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

from designspace.errors import InputError
from designspace.spec.documents.decisions import Decision, known_decisions
from designspace.spec.documents.document import Document
from designspace.spec.documents.per_stage import KEY
from designspace.spec.network.flatten import Flat, flatten
from designspace.spec.network.needs import MissingNeed, missing_needs, with_needs
from designspace.spec.space.check_choices import conditions_of, written_at

if TYPE_CHECKING:
    from designspace.spec.space.axis import Axis
    from designspace.spec.space.space import Point, Space


def require_needs(space: Space, document: Document) -> None:
    """Refuse a choice that takes a decision without another one that it needs.

    Raises:
        InputError: There is such a choice; the error says what to change.
    """
    for name, axis in space.network_axes.items():
        if not any(_touches(axis, decision) for decision in with_needs()):
            continue
        for index, choice in enumerate(axis.labels):
            found = _missing(space, name, choice)
            if found is None:
                continue
            missing, point = found
            with_ = [f"{other}={label}" for other, label in point.items() if other != name]
            beside = f" (with {', '.join(with_)})" if with_ else ""
            origin = document.origin(written_at(document, name, index))
            raise InputError(
                f"choice '{choice}' lacks what it needs{beside}: {missing}",
                file=origin.file,
                line=origin.line,
                path=f"axes.{name}",
                hint=_hint(space, name, choice, missing),
            )


def _missing(space: Space, name: str, choice: str) -> tuple[MissingNeed, Point] | None:
    """Return the first need that a choice lacks, and the point at which it lacks it."""
    for point in _points(space, name):
        after = _flat(space, point | {name: choice})
        before = _flat(space, point)
        if before is None or after is None:  # invalid here, such as some of RegNet's parameters
            continue
        for missing in missing_needs(before, after):
            return missing, point | {name: choice}
    return None


def _points(space: Space, name: str) -> Iterator[Point]:
    """Yield the points at which to check a choice.

    These are the labels of its conditions, alone and with each choice of another axis that may undo
    a need. Two axes that undo different needs are checked separately, so their product is not
    needed.
    """
    axis = space.axes[name]
    for labels in product(*axis.when.values()):
        point = conditions_of(space, name) | dict(zip(axis.when, labels, strict=True))
        yield point
        for other in _others(space, name, point):
            for label in space.axes[other].labels:
                yield conditions_of(space, other) | point | {other: label}


def _others(space: Space, name: str, point: Point) -> list[str]:
    """Return the axes that may provide or undo a need of this axis's decisions."""
    known = known_decisions()
    needed = [
        known[need]
        for decision in with_needs()
        if _touches(space.axes[name], decision)
        for need in decision.needs
    ]
    return [
        other
        for other, axis in space.network_axes.items()
        if other != name and other not in point and any(_touches(axis, each) for each in needed)
    ]


def _hint(space: Space, name: str, choice: str, missing: MissingNeed) -> str:
    """Return a hint: a condition on an axis that provides the need, else a change of the base."""
    conditions = conditions_of(space, name)
    for other in _others(space, name, {}):
        labels: list[str] = []
        for label in space.axes[other].labels:
            point = conditions | conditions_of(space, other) | {other: label}
            before, after = _flat(space, point), _flat(space, point | {name: choice})
            if before is not None and after is not None and not missing_needs(before, after):
                labels.append(label)
        if labels:
            return f"give the axis `when: {{{other}: [{', '.join(labels)}]}}`"
    return f"set {missing.path}: {missing.wanted} in the base, or leave the choice out"


def _flat(space: Space, point: Point) -> Flat | None:
    try:
        return flatten(space.spec(point))
    except InputError:
        return None


def _touches(axis: Axis, decision: Decision) -> bool:
    """Return whether an axis sets the path of a decision, or a path around or inside it."""
    return any(_holds(_of_any_stage(path), decision.key) for path in axis.paths)


def _holds(path: str, key: str) -> bool:
    return f"{key}.".startswith(f"{path}.") or path.startswith(f"{key}.")


def _of_any_stage(path: str) -> str:
    """Turn `block.per_stage.1.wide` and `block.wide.per_stage.1` into `block.wide`."""
    return ".".join(key for key in path.split(".") if not key.isdigit() and key != KEY)
