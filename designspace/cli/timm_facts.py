"""What timm's settings say of its weights: licence, input, classes; nothing is downloaded."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, cast

from designspace.errors import InputError, did_you_mean
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

    theirs = name.partition(":")[2]
    base, _, tag = theirs.partition(".")
    if not timm.is_model(base):
        near = get_close_matches(base, timm.list_models(), n=5, cutoff=0.5)
        hint = f"nearest: {', '.join(near)}" if near else None
        raise InputError(f"timm {timm.__version__} has no model '{base}'", hint=hint)
    tags = [known.partition(".")[2] for known in timm.list_pretrained(f"{base}.*")]
    if tag not in ("", *tags):
        hint = did_you_mean(tag, tags) if tags else None
        raise InputError(f"timm has no weights '{tag}' of '{base}'", hint=hint)
    settings = timm.get_pretrained_cfg(theirs)
    known = cast("dict[str, Any]", settings.to_dict()) if settings else {}
    facts = {key: known[key] for key in _SETTINGS if known.get(key) is not None}
    return {"tag": known.get("tag") or None, **facts, "other tags": tags} if known else {}
