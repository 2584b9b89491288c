"""Types of the numbers in a recipe."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole, or a probability."""

Rate: TypeAlias = Annotated[float, Field(ge=0, lt=1)]
"""A share below 1."""

Positive: TypeAlias = Annotated[float, Field(gt=0)]
"""A factor, or a learning rate."""
