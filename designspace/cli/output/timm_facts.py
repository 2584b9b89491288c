"""What timm's settings say of its weights: licence, input, classes; nothing is downloaded."""

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
    """Return the settings of `timm:NAME[.TAG]`, from timm's own registry.

    The first published weights are meant where no tag is given, as in timm.

    Raises:
        InputError: This version of timm has no such model, or no such weights of it.
    """
    import timm

    from designspace.weights.reading.hub import settings_of

    theirs = name.partition(":")[2]
    known = settings_of(theirs)
    facts = {key: known[key] for key in _SETTINGS if known.get(key) is not None}
    listed = timm.list_pretrained(f"{known.get('architecture', theirs)}.*")
    tags = [each.partition(".")[2] for each in listed]
    return {"tag": known.get("tag") or None, **facts, "other tags": tags} if known else {}
