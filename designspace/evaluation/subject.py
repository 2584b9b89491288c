"""The subject of a measurement: a network with trained weights, and the facts of their training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from designspace.errors import InputError
from designspace.naming import Named, find_network, find_weights
from designspace.records.run import NAME, Record
from designspace.records.study.study import META, Study
from designspace.spec.network.network import Network
from designspace.weights import Weights, read_weights

_KEPT = ("weights.safetensors", "checkpoint.")


@dataclass(frozen=True)
class Training:
    """The run or the trial that made the weights, as read from its directory.

    Attributes:
        title: Name for people.
        directory: Directory of the run or of the trial's study, where readings of the test split
            are recorded.
        record: Record of the run or trial.
        study: Study of the trial; None for a run.
        trial: Number of the trial; None for a run.
    """

    title: str
    directory: Path
    record: Record
    study: Study | None = None
    trial: int | None = None

    @property
    def load(self) -> dict[str, Any]:
        """Arguments of `load_data` that read its images; empty if they are not recorded."""
        return dict(self.study.meta.data.load if self.study else self.record.data.load)

    @property
    def wins(self) -> bool:
        """Whether the test split is meant for it: it is a run, or the winner of a study."""
        winner = self.study.state.winner if self.study else None
        return self.study is None or (winner is not None and winner.number == self.trial)


@dataclass(frozen=True)
class Subject:
    """A network with the weights to measure.

    Attributes:
        name: Name that the user gave.
        spec: The network.
        weights: The weights that were read.
        training: Run or trial behind the weights; None if they are from elsewhere.
        says: Explanations of the names, one sentence each.
    """

    name: str
    spec: Network
    weights: Weights
    training: Training | None = None
    says: tuple[str, ...] = ()

    @property
    def facts(self) -> Mapping[str, Any]:
        """Facts about the training in a weights file by designspace; empty for other files."""
        return self.weights.facts

    @property
    def learned_from(self) -> str | None:
        """Digest of the images that the weights learned from; None if it is not known."""
        record = self.training.record if self.training else None
        return self.facts.get("data") or (record and record.data.digest)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Names of the weights' classes, in order; None if they are not known."""
        names = self.facts.get("classes")
        if not names and self.training is not None:
            names = self.training.record.data.classes
        return tuple(str(name) for name in names) if names else None

    @property
    def load(self) -> dict[str, Any]:
        """Arguments of `load_data` that read the images of the training, as far as known."""
        known = self.training.load if self.training else {}
        return known or dict(self.facts.get("data_load") or {})


def find_subject(
    name: str, weights: str | None = None, changes: Mapping[str, Any] | None = None
) -> Subject:
    """Find a network and read the weights to measure it with.

    Args:
        name: Any name of a network.
        weights: Weights file of any layout, `timm:NAME`, a run or a trial; by default the weights
            that the name stands for.
        changes: Values to change in the spec, by dotted path.

    Raises:
        InputError: There is no such network, it has no weights, or they cannot be read.
    """
    named = find_network(name, changes)
    says = [named.says]
    if weights is None:
        source = _own(named)
        training = training_of(named)
    else:
        source = find_weights(weights)
        training = _behind(weights)
        says += [f"the weights are those of {training.title}"] if training else []
    found = read_weights(source)
    _check(found)
    return Subject(name, named.spec, found, training, tuple(said for said in says if said))


def training_of(named: Named) -> Training | None:
    """Return the run or the trial that a name or a file in its directory stands for, or None."""
    if named.record is None:
        inside = _directory_of(named.weights)
        return None if inside is None else training_of(find_network(inside))
    if named.study is not None:
        directory = named.study.directory
    else:
        directory = Path(named.weights).parent if named.weights else Path(named.name)
    return Training(named.title, directory, named.record, named.study, named.trial)


def _own(named: Named) -> Path | str:
    if named.weights is None and named.record is None:
        raise InputError(
            f"'{named.name}' has no weights: {named.missing}",
            hint="give --weights FILE or --weights timm:NAME",
        )
    return named.trained


def _behind(weights: str) -> Training | None:
    """Return the training behind weights that were given separately from a network, or None."""
    inside = _directory_of(find_weights(weights))
    return None if inside is None else training_of(find_network(inside))


def _directory_of(weights: Path | str | None) -> Path | None:
    """Return the directory of the run or trial to which a weights file or checkpoint belongs."""
    if not isinstance(weights, Path) or not weights.name.startswith(_KEPT):
        return None
    parent = weights.absolute().parent
    a_trial = parent.parent.name == "trials" and (parent.parent.parent / META).is_file()
    return weights.parent if a_trial or (parent / NAME).is_file() else None


def _check(weights: Weights) -> None:
    """Reject facts that contradict each other."""
    names: object = weights.facts.get("classes")
    count: object = weights.facts.get("num_classes")
    if not names or count is None:
        return
    listed = cast("list[object]", names) if isinstance(names, list) else None
    if listed is None or len(listed) != count:
        there = "no list" if listed is None else f"{len(listed)} names"
        raise InputError(
            f"the facts beside the weights do not fit: {count} classes, {there}", file=weights.name
        )
