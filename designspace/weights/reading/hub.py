"""Weights by timm's names, through timm's network access or the Hugging Face cache."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

from torch import Tensor

from designspace.errors import InputError, nearest_few

TIMM = "timm:"


def from_timm(name: str) -> tuple[str, dict[str, Tensor], dict[str, Any]]:
    """Return a pretrained network of timm: its full name, its tensors and its `pretrained_cfg`.

    Raises:
        InputError: timm does not have such a network or such weights, or cannot fetch them.
    """
    import timm

    base, tag = _known(name)
    full = f"{base}.{tag}" if tag else base
    try:
        with _quiet():
            model = timm.create_model(full, pretrained=True)
    except (OSError, RuntimeError) as error:
        first = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise InputError(
            f"timm cannot load '{full}': {first}",
            hint="timm needs network access once, or a filled Hugging Face cache",
        ) from None
    return full, model.state_dict(), cast("Any", model.pretrained_cfg)


def settings_of(name: str) -> dict[str, Any]:
    """Return timm's `pretrained_cfg` of weights; nothing is downloaded.

    Raises:
        InputError: timm does not have such a network or such weights.
    """
    import timm

    base, tag = _known(name)
    settings = timm.get_pretrained_cfg(f"{base}.{tag}" if tag else base)
    return cast("Any", settings).to_dict() if settings else {}


def _known(name: str) -> tuple[str, str]:
    """Return the name of the network and the tag of the weights, for a name that timm knows."""
    import timm

    name = _current(name)
    base, _, tag = name.partition(".")
    if not timm.is_model(base):
        models = timm.list_models()
        raise InputError(f"timm has no model '{base}'", hint=nearest_few(base, models))
    tags = [known.partition(".")[2] for known in timm.list_pretrained(f"{base}.*")]
    if not tags:
        raise InputError(f"timm has no weights of '{base}'")
    if tag not in ("", *tags):
        raise InputError(f"timm has no weights '{tag}' of '{base}'", hint=nearest_few(tag, tags))
    return base, tag


def _current(name: str) -> str:
    """Return the current name of a network that timm has renamed, such as `convnext_tiny_in22k`."""
    from timm.models import get_deprecated_models

    renamed: dict[str, str | None] = cast("Any", get_deprecated_models)()
    return renamed.get(name) or name


@contextmanager
def _quiet() -> Generator[None]:
    """Silence the hub's own log lines about each of its attempts."""
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
