"""The networks of the catalog that timm has, and their names in timm; without importing timm."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import Any

from designspace.errors import InputError
from designspace.spec.documents import catalog
from designspace.spec.network.load import load
from designspace.spec.network.network import Network

PREFIX = "timm:"
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
"""Names in timm of the networks of the catalog, if they differ."""

NOT_IN_TIMM = frozenset(
    {"convnext_iso_b", "convnext_iso_l", "convnext_iso_s", "convnext_proxy", "resnet_proxy"}
)
"""Networks of the catalog that timm does not have (timm 1.0.31; a test compares)."""

TIMM_HEAD: dict[str, Any] = {
    "head.norm_at": "after_pool",
    "head.norm": {"kind": "layernorm", "eps": 1.0e-6},
}
AS_TIMM: dict[str, dict[str, Any]] = {
    f"poolformer_{size}": TIMM_HEAD for size in ("s12", "s24", "s36", "m36", "m48")
}
"""Changes that turn a network of the catalog, which is the authors', into timm's version."""

_SHOWN = 5


def timm_names() -> dict[str, str]:
    """Return timm's name for each network of the catalog that timm has."""
    ours = (name for name in catalog.names("specs") if name not in NOT_IN_TIMM)
    return {name: NAMES.get(name, name) for name in ours}


def catalog_network(theirs: str) -> tuple[str, dict[str, Any]]:
    """Return the catalog's network for a timm name, and the changes that make it timm's version.

    Args:
        theirs: Name in timm, `NAME` or `NAME.TAG`.

    Raises:
        InputError: No network of the catalog is known to have that architecture.
    """
    base = theirs.partition(".")[0]
    by_theirs = {name: ours for ours, name in timm_names().items()}
    if base not in by_theirs:
        near = get_close_matches(base, by_theirs, n=_SHOWN, cutoff=0.6) or sorted(by_theirs)
        raise InputError(
            f"no network of the catalog is known to match timm's '{base}'",
            hint=f"known: {', '.join(near[:_SHOWN])}{', ...' if len(near) > _SHOWN else ''}",
        )
    ours = by_theirs[base]
    return ours, AS_TIMM.get(ours, {})


def timm_name(network: Network) -> str | None:
    """Return timm's name for a network of this architecture; None if none is known.

    A ladder's step or a changed network counts too if its architecture is one of the catalog's.
    """
    return _known().get(network.digest)


def changes_needed(network: Network) -> dict[str, Any]:
    """Return the changes after which timm has this network; empty if none are needed."""
    needed = (name for name in AS_TIMM if load(name).digest == network.digest)
    return AS_TIMM.get(next(needed, ""), {})


@cache
def _known() -> dict[str, str]:
    """Return timm's names by the digest of the architecture."""
    return {load(ours, AS_TIMM.get(ours)).digest: name for ours, name in timm_names().items()}
