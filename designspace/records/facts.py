"""Network, space, recipe, data and device: the facts that records of trainings share.

Each of them is plain data with the identity (digest) of its subject, so that two records can be
compared, and complete enough to build the subject again.
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
    """The network: its name, the identity of its architecture, and the spec as it was written."""

    name: str
    digest: str
    authored: dict[str, Any]

    @property
    def plugins(self) -> dict[str, str]:
        """The SHA-256 of each plug-in that the network needs, by its name."""
        return self.authored.get(PLUGINS, {})

    @classmethod
    def of(cls, network: Network) -> Self:
        """Return the facts of a network."""
        return cls(name=network.name, digest=network.digest, authored=network.authored)


class SpaceFacts(RecordModel):
    """The space of a study: its name, its identity, and the space as it was written."""

    name: str
    digest: str
    authored: dict[str, Any]

    @classmethod
    def of(cls, space: Space) -> Self:
        """Return the facts of a space."""
        return cls(name=space.name, digest=space.digest, authored=dict(space.authored))

    @property
    def base(self) -> Any:
        """The network that the axes change, as it was written; None if the space names none."""
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
        """Return the facts of a recipe."""
        return cls(name=recipe.name, digest=recipe.digest, full=recipe.plain())

    @property
    def epochs(self) -> int:
        """Number of epochs of a complete training."""
        return int(self.full["epochs"])

    def load(self, changes: Mapping[str, Any] | None = None) -> Recipe:
        """Read the recipe back.

        Args:
            changes: Changes to the recipe, values by dotted path.

        Raises:
            InputError: The recipe or a change is not valid.
        """
        return load_recipe(self.full, changes)


class DataFacts(RecordModel):
    """The images: identity of content and split, and the counts of each split.

    Attributes:
        name: Name for people.
        digest: Identity of content and split.
        num_classes: Number of classes.
        classes: Names of the classes in label order; empty in records of earlier versions.
        channels: Number of channels, 1 or 3.
        image_size: Side in pixels at which networks see the images; None if the network chooses it.
        train: Number of images in the training split.
        val: Number of images in the validation split.
        test: Number of images in the test split.
        notes: Changes that were made to the images, one sentence each.
        skipped: Unreadable files that were left out.
        load: Arguments of `load_data` that read the images again; empty if a record does not say.
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
    """The initial weights of a training: their source and the identity of their values."""

    name: str
    digest: str


class DeviceFacts(RecordModel):
    """The device: `cpu` or `cuda`, model of the processor or GPU, CPU threads; None: unknown."""

    kind: str
    name: str | None
    threads: int | None
