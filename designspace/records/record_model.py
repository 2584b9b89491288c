"""What all records are: frozen, closed, and JSON even where a number is none."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class RecordModel(BaseModel):
    """A part of a record; a value that is not a number is written as a JSON string."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")
