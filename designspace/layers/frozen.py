"""The base of all specifications."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Immutable data that validates itself, refuses unknown keys and does nothing else.

    The hash is computed once per instance. It is stored in a slot that copies, pickles and
    comparisons ignore, since string hashes differ between processes, and changed copies have other
    hashes.
    """

    __slots__ = ("_hash",)

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False
    )

    def __hash__(self) -> int:
        try:
            return object.__getattribute__(self, "_hash")  # pydantic's own look-up is slow to fail
        except AttributeError:
            values = map(vars(self).__getitem__, type(self).__pydantic_fields__)
            value = hash((type(self), *values))
            object.__setattr__(self, "_hash", value)
            return value
