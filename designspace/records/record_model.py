"""The base class of records: frozen, without unknown keys, and valid JSON even with NaN."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class RecordModel(BaseModel):
    """A part of a record; NaN and infinities are written as JSON strings."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")
