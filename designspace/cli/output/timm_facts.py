"""The settings in timm's registry for its weights: licence, input, classes. No download."""

from __future__ import annotations

from typing import Any

from designspace.library_warnings import silenced

_SETTINGS = (
    "license",
    "num_classes",
    "input_size",
    "mean",
    "std",
    "crop_pct",
    "crop_mode",
    "interpolation",
    "hf_hub_id",
    "url",
    "origin_url",
)


@silenced()
def facts_of(name: str) -> dict[str, Any]:
    """Return the settings of `timm:NAME[.TAG]` from timm's own registry.

    Without a tag, they are those of the first published weights, as in timm.

    Raises:
        InputError: This version of timm does not have this model, or these weights of it.
    """
    import timm

    from designspace.weights.reading.hub import settings_of

    theirs = name.partition(":")[2]
    known = settings_of(theirs)
    facts = {key: known[key] for key in _SETTINGS if known.get(key) is not None}
    listed = timm.list_pretrained(f"{known.get('architecture', theirs)}.*")
    tags = [each.partition(".")[2] for each in listed]
    return {"tag": known.get("tag") or None, **facts, "other tags": tags} if known else {}
