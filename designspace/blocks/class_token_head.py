"""A classifier on the class token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from designspace.blocks.families import Head
from designspace.layers.feature import Feature
from designspace.layers.leaves.convolution import Linear
from designspace.layers.leaves.norm import InheritNorm, Norm
from designspace.layers.leaves.tokens import TakeFirst
from designspace.layers.part import Children, Layer, PartContext


class ClassTokenHead(Head):
    """A norm of all tokens, then a linear classifier on the first one (arXiv 2010.11929, eq. 4).

    Attributes:
        norm: Norm of the tokens.
    """

    example_input: ClassVar[tuple[int, ...]] = (17, 32)
    kind: Literal["class_token"] = "class_token"
    norm: Norm = InheritNorm()

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List the norm, the class token and the classifier."""
        return {"norm": self.norm, "take": TakeFirst(), "classifier": Linear(at.width)}

    def forward(self, m: Children, x: Any) -> Any:
        """Run the layers one after the other."""
        return m.classifier(m.take(m.norm(x)))
