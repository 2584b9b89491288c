"""Sentences about weights that were loaded, or that do not fit."""

from __future__ import annotations

from collections.abc import Sequence

from designspace.weights.conversions import channels
from designspace.weights.match import Match
from designspace.weights.reading.containers import TensorSet
from designspace.weights.recognise import is_known, resemblance
from designspace.weights.sources import Weights

_SHOWN = 3
_SETS = 6


def refusal(found: TensorSet, match: Match, weights: Weights) -> str:
    """Say why weights do not fit: the first tensors at fault, and the sets in the source."""
    said = _why(match) if is_known(match, found.tensors) else _unknown(found)
    return said + _where(found, weights)


def _why(match: Match) -> str:
    shown = "; ".join(match.wrong[:_SHOWN])
    more = f", and {len(match.wrong) - _SHOWN} more" if len(match.wrong) > _SHOWN else ""
    return f"the weights do not fit the network (read in {match.layout.title}): {shown}{more}"


def _unknown(found: TensorSet) -> str:
    """Say that the names are in no layout of this network's family."""
    alike = resemblance(found.tensors)
    like = f"; they look like {alike.title}" if alike else ""
    names = ", ".join(f"'{name}'" for name in list(found.tensors)[:_SHOWN])
    return (
        "the weights do not fit the network: they are in no known layout of its family "
        f"({len(found.tensors)} tensors: {names}, ...){like}"
    )


def _where(found: TensorSet, weights: Weights) -> str:
    """List the sets of a checkpoint with their sizes; empty for a single set of bare names."""
    if len(weights.sets) < 2 and not found.path and not found.prefix:
        return ""
    listed = [
        f"{each.title or 'the names as they are'} ({len(each.tensors)} tensors, "
        f"{each.values:,} values)"
        for each in weights.sets[:_SETS]
    ]
    more = f" and {len(weights.sets) - _SETS} more" if len(weights.sets) > _SETS else ""
    return f"; found there: {', '.join(listed)}{more}"


def account(match: Match, found: TensorSet, weights: Weights, network: tuple[int, int, int]) -> str:
    """Say how weights were loaded.

    Args:
        match: The match.
        found: Set of tensors that was loaded.
        weights: Weights with all sets.
        network: Numbers of tensors, input channels and classes of the network.
    """
    size, inputs, classes = network
    parts = [f"{len(match.tensors)} of {size} tensors in {match.layout.title}"]
    parts += [*_taken(found, weights), *_changed(match, inputs)]
    if match.classes is not None:
        there = f"{match.classes} classes" if match.classes else "none"
        parts.append(
            f"classifier left at its initial values ({there} in the weights, {classes} here)"
        )
    if match.initial:
        parts.append(f"also left at initial values: {_some(match.initial)}")
    if match.unused:
        parts.append(f"not used: {_some(match.unused)}")
    if match.layout.remark:
        parts.append(match.layout.remark)
    license_ = [f"license {weights.license}"] if weights.license else []
    return "; ".join([*parts, *weights.notes, *license_])


def _taken(found: TensorSet, weights: Weights) -> list[str]:
    """Say which of a checkpoint's sets was read."""
    if not found.title:
        return []
    as_large = [each for each in weights.sets if 2 * len(each.tensors) >= len(found.tensors)]
    others = [f"'{'.'.join(each.path)}'" for each in as_large if each.path not in ((), found.path)]
    beside = f" (there is also {', '.join(dict.fromkeys(others))})" if others else ""
    kind = "averaged weights" if found.averaged else "weights"
    return [f"{kind} from {found.title}{beside}"]


def _changed(match: Match, inputs: int) -> list[str]:
    """Describe the tensors that were not taken unchanged."""
    parts: list[str] = []
    if match.channels is not None:
        parts.append(channels.how(match.channels, inputs))
    if match.resized:
        parts.append(
            f"{len(match.resized)} tables interpolated to this size, {match.resized[0]} first"
        )
    if match.recomputed:
        parts.append(f"{len(match.recomputed)} buffers recomputed")
    return parts


def _some(names: Sequence[str]) -> str:
    """List a few names, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
