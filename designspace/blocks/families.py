"""The families of the parts of a network."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from designspace.layers.numbers import Size
from designspace.layers.part import Composite


class Stem(Composite, family="stem"):
    """The first part: from the image to the first stage's map.

    Attributes:
        width: Number of output channels; null for the first stage's width.
    """

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"width": (None, 8)}
    example_input: ClassVar[tuple[int, ...]] = (32, 32, 32)  # a stem takes larger steps
    width: Size | None = None

    def meaning_before(self, width: int) -> dict[str, Any]:
        """Return the meaning of a stem before a first stage of this width."""
        return self.meaning() | {"width": self.width or width}


class Block(Composite, family="block"):
    """The part that a stage repeats. Its context has the stage's width and the block's stride."""

    def out_channels(self, width: int) -> int:
        """Return the number of output channels of a block in a stage of this width."""
        return width

    def inactive_unless(self, *, projects: bool) -> frozenset[str]:  # noqa: ARG002
        """Return the fields that have no effect in a stage.

        Args:
            projects: Whether the first block of the stage changes the shape.
        """
        return self.inactive()

    def meaning_where(self, *, projects: bool) -> dict[str, Any]:
        """Return the meaning in a stage.

        Args:
            projects: Whether the first block of the stage changes the shape.
        """
        inactive = self.inactive_unless(projects=projects)
        return {key: value for key, value in self.meaning().items() if key not in inactive}


class Shortcut(Composite, family="shortcut"):
    """The residual path of a block that changes the map's side or its channels."""


class Downsample(Composite, family="downsample"):
    """The part that shrinks the map between two stages."""

    @abstractmethod
    def strides(self) -> tuple[int, int]:
        """Return the stride of this part itself, and that of the next stage's first block."""


class Head(Composite, family="head"):
    """The last part: from the last stage's map to the logits.

    The last layer of every head is called `classifier`: it is replaced for other classes.
    """
