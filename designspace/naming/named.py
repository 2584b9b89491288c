"""The meaning of a name: a spec, with its trained weights and its training, if any."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from designspace.errors import InputError
from designspace.records.run import Record
from designspace.records.study.study import Study
from designspace.spec.network.load import load
from designspace.spec.network.network import Network

Sort = Literal[
    "spec file", "weights file", "run", "ladder step", "trial", "catalog", "timm", "data"
]


@dataclass(frozen=True, slots=True)
class Named:
    """A network that a name stands for.

    Attributes:
        name: Name that the user gave.
        sort: Kind of object that the name stands for.
        title: Short name for tables and file names: `demo:5` for a trial of `runs/demo`.
        spec: Network.
        weights: Trained weights: a file of ours, or `timm:NAME[.TAG]`; None if it has none.
        missing: Reason why it has no weights, as the end of a sentence; empty if it has some.
        facts: Facts about its task, under the keys of a weights file of ours: `num_classes`,
            `in_channels`, `classes` (names in label order), `input` (`size`, and `mean`, `std`,
            `crop_pct`, `interpolation` if they are known). Empty for a spec alone, and for timm's
            names, whose facts are known once their weights are read.
        record: Record of the training of a run or a trial, else None.
        study: Study of a trial, else None.
        trial: Number of the trial, else None.
        says: Sentence for the user about what the name stands for, such as
            `runs/demo:winner is trial 5 (...)`; empty if the name is clear by itself.
    """

    name: str
    sort: Sort
    title: str
    spec: Network
    weights: Path | str | None = None
    missing: str = "it is a spec"
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    record: Record | None = None
    study: Study | None = None
    trial: int | None = None
    says: str = ""

    @property
    def num_classes(self) -> int | None:
        """Number of classes; None if it is unknown."""
        return self.facts.get("num_classes")

    @property
    def in_channels(self) -> int | None:
        """Channels of the image; None if they are unknown."""
        return self.facts.get("in_channels")

    @property
    def input_size(self) -> int | None:
        """Side of the image in pixels; None if nothing but the spec says it."""
        known: dict[str, Any] = self.facts.get("input") or {}
        return known.get("size")

    @property
    def trained(self) -> Path | str:
        """The trained weights.

        Raises:
            InputError: The network has no weights; the message says why.
        """
        if self.weights is None:
            raise InputError(f"'{self.name}' has no weights: {self.missing}")
        return self.weights

    @property
    def file_name(self) -> str:
        """The title as a file name without suffix: `demo-5` for `demo:5`."""
        return re.sub(r"[^\w.+-]+", "-", self.title).strip("-.") or "network"

    def changed(self, changes: Mapping[str, Any]) -> Named:
        """Return this network with changes to its spec, values by dotted path.

        The weights are kept only if the architecture stays exactly the same.

        Raises:
            InputError: A change is not valid for the network.
        """
        if not changes:
            return self
        spec = load(self.spec, changes)
        if spec.digest == self.spec.digest:
            return replace(self, spec=spec)
        if self.weights is None:
            return replace(self, spec=spec)
        missing = f"the changes make it a different network from {self.title}, which was trained"
        return replace(self, spec=spec, weights=None, missing=missing)
