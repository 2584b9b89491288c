"""What is trained on what: the facts that the records of runs, trials and studies share.

Each is plain data with the identity of what it describes, so that two records can be compared, and
complete enough to build the thing again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from designspace.records.record_model import RecordModel
from designspace.spec.documents.needed_plugins import PLUGINS
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe, load_recipe
from designspace.spec.space.space import Space


class SpecFacts(RecordModel):
    """The network: its name, the identity of its architecture, and what was written."""

    name: str
    digest: str
    authored: dict[str, Any]

    @property
    def plugins(self) -> dict[str, str]:
        """The SHA-256 of each plug-in that the network needs, by its name."""
        return self.authored.get(PLUGINS, {})

    @classmethod
    def of(cls, network: Network) -> Self:
        """What a record says of a network."""
        return cls(name=network.name, digest=network.digest, authored=network.authored)


class SpaceFacts(RecordModel):
    """The space of a study: its name, its identity, and what was written."""

    name: str
    digest: str
    authored: dict[str, Any]

    @classmethod
    def of(cls, space: Space) -> Self:
        """What a record says of a space."""
        return cls(name=space.name, digest=space.digest, authored=dict(space.authored))

    @property
    def base(self) -> Any:
        """The network that the axes change, as it was written; None where nothing was."""
        return self.authored.get("base")

    @property
    def objectives(self) -> tuple[str, ...]:
        """Quantities that the study optimises together; empty for top-1 alone."""
        return tuple(self.authored.get("objectives") or ())


class RecipeFacts(RecordModel):
    """The recipe: its name, its identity, and all of its fields."""

    name: str
    digest: str
    full: dict[str, Any]

    @classmethod
    def of(cls, recipe: Recipe) -> Self:
        """What a record says of a recipe."""
        return cls(name=recipe.name, digest=recipe.digest, full=recipe.plain())

    @property
    def epochs(self) -> int:
        """After how many epochs a training is complete."""
        return int(self.full["epochs"])

    def load(self, changes: Mapping[str, Any] | None = None) -> Recipe:
        """Read the recipe back.

        Args:
            changes: What to change in it, values by dotted path.

        Raises:
            InputError: It is not valid.
        """
        return load_recipe(self.full, changes)


class DataFacts(RecordModel):
    """The images: identity of content and split, and the counts of each split.

    Attributes:
        name: for people.
        digest: of content and split.
        num_classes: how many classes.
        classes: their names in the order of the labels; empty in records of earlier versions.
        channels: 1 or 3.
        image_size: side in pixels at which networks see the images; None where that is the
            network's own choice.
        train: images that weights learn from.
        val: images of the validation split.
        test: images of the test split.
        notes: what was done to the images, a sentence each.
        skipped: unreadable files that were left out.
        load: the arguments of `load_data` that read them again; empty where a record does not say.
    """

    name: str
    digest: str
    num_classes: int
    classes: tuple[str, ...] = ()
    channels: int
    image_size: int | None = None
    train: int
    val: int
    test: int
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    load: dict[str, Any] = Field(default_factory=dict[str, Any])


class InitialFacts(RecordModel):
    """Weights that a training began with: where they are from, and the identity of their values."""

    name: str
    digest: str


class DeviceFacts(RecordModel):
    """`cpu` or `cuda`, the model of the processor or GPU, and the CPU threads; None: unknown."""

    kind: str
    name: str | None
    threads: int | None
