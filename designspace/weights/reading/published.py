"""Settings published beside a file: a hub's `config.json`, or torchvision's own table."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, cast

_HASHED = re.compile(r"[a-z0-9_]+-[0-9a-f]{8}\.pth")


def published_settings(path: Path) -> dict[str, Any]:
    """Return the settings of the weights in a file, under the keys of timm's `pretrained_cfg`.

    A directory from the Hugging Face hub keeps them in `config.json` beside the weights.
    torchvision's files are recognised by name, such as `resnet50-0676ba61.pth`, which holds their
    hash. Empty if nothing is known.
    """
    if _HASHED.fullmatch(path.name):
        return _torchvisions().get(path.name, {})
    config = path.parent / "config.json"
    if not config.is_file() or not path.name.startswith(("model.", "pytorch_model.", "open_clip")):
        return {}
    try:
        written: Any = json.loads(config.read_bytes())
    except (OSError, ValueError):
        return {}
    settings: Any = written.get("pretrained_cfg") if _is_object(written) else None
    return cast("dict[str, Any]", settings) if _is_object(settings) else {}


def _is_object(written: object) -> bool:
    return isinstance(written, dict)


@cache
def _torchvisions() -> dict[str, dict[str, Any]]:
    """Return torchvision's evaluation settings for each of its files, by file name."""
    from torchvision import models

    listed = cast("Any", models)
    found: dict[str, dict[str, Any]] = {}
    for name in listed.list_models(module=models):
        for weights in listed.get_model_weights(name):
            found[weights.url.rpartition("/")[2]] = _settings(weights.transforms(), weights.url)
    return found


def _settings(view: Any, url: str) -> dict[str, Any]:
    crop, resize = view.crop_size[0], view.resize_size[0]
    return {
        "mean": tuple(view.mean),
        "std": tuple(view.std),
        "input_size": (3, crop, crop),
        "crop_pct": crop / resize,
        "interpolation": view.interpolation.value,
        "origin_url": url,
    }
