"""The base of all specifications."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Immutable data that validates itself, refuses unknown keys and does nothing else.

    Its hash is computed once an instance. It stands in a slot, which no copy, pickle or comparison
    sees: hashes of words differ from process to process, and those of changed copies anyway.
    """

    __slots__ = ("_hash",)

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False
    )

    def __hash__(self) -> int:
        try:
            return object.__getattribute__(self, "_hash")  # pydantic's own is slow to say no
        except AttributeError:
            values = map(vars(self).__getitem__, type(self).__pydantic_fields__)
            value = hash((type(self), *values))
            object.__setattr__(self, "_hash", value)
            return value
