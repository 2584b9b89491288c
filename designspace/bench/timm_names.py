"""What timm calls the networks of the catalog."""

from __future__ import annotations

from functools import cache
from typing import Any

from designspace.spec import catalog
from designspace.spec.load import load
from designspace.spec.network import Network

NAMES = {
    "convnext_t": "convnext_tiny",
    "convnext_s": "convnext_small",
    "convnext_b": "convnext_base",
    "convnext_l": "convnext_large",
    "convnext_xl": "convnext_xlarge",
    "deit_b": "deit_base_patch16_224",
    "deit_s": "deit_small_patch16_224",
    "swin_t": "swin_tiny_patch4_window7_224",
    "swin_s": "swin_small_patch4_window7_224",
    "swin_b": "swin_base_patch4_window7_224",
    "swin_b_384": "swin_base_patch4_window12_384",
    "swin_l": "swin_large_patch4_window7_224",
    "swin_l_384": "swin_large_patch4_window12_384",
}
"""Where timm's name is not the catalog's own."""

TIMM_HEAD: dict[str, Any] = {
    "head.norm_at": "after_pool",
    "head.norm": {"kind": "layernorm", "eps": 1.0e-6},
}
AS_TIMM: dict[str, dict[str, Any]] = {
    f"poolformer_{size}": TIMM_HEAD for size in ("s12", "s24", "s36", "m36", "m48")
}
"""The changes that make a network of the catalog, which is the authors', that of timm."""


def timm_name(network: Network) -> str | None:
    """What timm calls a network of this architecture; None where it is not known to have one.

    A ladder's step or a changed network counts too, if its architecture is one of the catalog's.
    """
    return _known().get(network.digest)


def changes_needed(network: Network) -> dict[str, Any]:
    """The changes after which timm has this network; empty where there are none."""
    needed = (name for name in AS_TIMM if load(name).digest == network.digest)
    return AS_TIMM.get(next(needed, ""), {})


@cache
def _known() -> dict[str, str]:
    """What timm calls each, by digest."""
    import timm

    named = ((name, NAMES.get(name, name)) for name in catalog.names("specs"))
    return {
        load(name, AS_TIMM.get(name)).digest: theirs
        for name, theirs in named
        if timm.is_model(theirs)
    }
