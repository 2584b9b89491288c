"""Values per stage: `{per_stage: [31, 29, 27, 13]}`, inside a block or a downsampling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeGuard, cast

KEY = "per_stage"


def is_per_stage(data: object) -> TypeGuard[dict[str, Any]]:
    """Return whether the data are a mapping with the single key `per_stage`."""
    return isinstance(data, dict) and set(cast("dict[Any, Any]", data)) == {KEY}


def lengths(data: Any) -> Iterator[int]:
    """Yield the length of each `per_stage` list inside the data."""
    if isinstance(data, dict):
        mapping = cast("dict[str, Any]", data)
        if set(mapping) == {KEY} and isinstance(mapping[KEY], list):
            yield len(cast("list[Any]", mapping[KEY]))
            return
        for value in mapping.values():
            yield from lengths(value)


def pick(data: Any, stage: int) -> Any:
    """Return the data with every `per_stage` list replaced by its item for one stage."""
    if not isinstance(data, dict):
        return data
    mapping = cast("dict[str, Any]", data)
    if set(mapping) == {KEY} and isinstance(mapping[KEY], list):
        return mapping[KEY][stage]
    return {key: pick(value, stage) for key, value in mapping.items()}


def distribute(data: Any) -> Any:
    """Return a list of one value that holds for all stages, or of one value per stage.

    Raises:
        ValueError: Two lists differ in length.
    """
    if isinstance(data, list | tuple):
        return cast("object", data)
    counts = sorted(set(lengths(data)))
    if len(counts) > 1:
        raise ValueError(f"per_stage lists of different lengths: {counts[0]} and {counts[1]}")
    return [pick(data, stage) for stage in range(counts[0])] if counts else [data]
