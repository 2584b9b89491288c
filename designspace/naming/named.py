"""What a name stands for: a spec, and the trained weights and the training behind it, if any."""

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
        name: What was given.
        sort: What the name turned out to be.
        title: A short name for tables and file names: `demo:5` for a trial of `runs/demo`.
        spec: The network.
        weights: Its trained weights: a file of ours, or `timm:NAME[.TAG]`. None where it has none.
        missing: Why it has no weights, as the end of a sentence; empty where it has some.
        facts: What is known of its task, under the keys that a weights file of ours has:
            `num_classes`, `in_channels`, `classes` (names in label order), `input` (`size`, and
            `mean`, `std`, `crop_pct`, `interpolation` where they are known). Empty for a spec
            alone, and for timm's names, whose facts are known once their weights are read.
        record: The training behind it, of a run or a trial.
        study: The study, of a trial.
        trial: The number of the trial.
        says: One sentence for the user about what the name stands for, such as
            `runs/demo:winner is trial 5 (...)`; empty where the name says it all.
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
        """Number of classes; None where nothing says it."""
        return self.facts.get("num_classes")

    @property
    def in_channels(self) -> int | None:
        """Channels of the image; None where nothing says it."""
        return self.facts.get("in_channels")

    @property
    def input_size(self) -> int | None:
        """Side of the image in pixels; None where nothing says more than the spec."""
        known: dict[str, Any] = self.facts.get("input") or {}
        return known.get("size")

    @property
    def trained(self) -> Path | str:
        """The trained weights.

        Raises:
            InputError: It has none; the message says why.
        """
        if self.weights is None:
            raise InputError(f"'{self.name}' names no weights: {self.missing}")
        return self.weights

    @property
    def file_name(self) -> str:
        """The title as the name of a file, without suffix: `demo-5` for `demo:5`."""
        return re.sub(r"[^\w.+-]+", "-", self.title).strip("-.") or "network"

    def changed(self, changes: Mapping[str, Any]) -> Named:
        """Return it with changes to the spec, values by dotted path.

        Weights stay only with the very architecture that they were trained in.

        Raises:
            InputError: A change that the network cannot have.
        """
        if not changes:
            return self
        spec = load(self.spec, changes)
        if spec.digest == self.spec.digest:
            return replace(self, spec=spec)
        if self.weights is None:
            return replace(self, spec=spec)
        missing = f"the changes make it another network than {self.title}, which was trained"
        return replace(self, spec=spec, weights=None, missing=missing)
