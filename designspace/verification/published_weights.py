"""The weights behind published results, and where to find them: in a folder, or with timm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from designspace.errors import InputError
from designspace.naming import find_network
from designspace.spec import load
from designspace.spec.documents import catalog
from designspace.spec.documents.published import Published
from designspace.spec.network.network import Network

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".pyth", ".th", ".ckpt", ".tar")
_TIMM = "timm:"


@dataclass(frozen=True)
class Claim:
    """Published results that one set of weights gave.

    Attributes:
        name: Name of the network.
        network: The network.
        rows: The results: several if sources disagree or retrained the network.
        weights: Path of a file, or `timm:NAME.TAG`.
    """

    name: str
    network: Network
    rows: tuple[Published, ...]
    weights: Path | str


def find_claims(
    names: Sequence[str], directory: Path | None
) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
    """Find weights for published results.

    Args:
        names: Names of networks; by default all of the catalog whose weights are available here.
        directory: Folder of weights files, each named by its network (`convnext_t.pth`), then
            `_22k` if it was pre-trained on ImageNet-22K, then the resolution if that is not
            the network's own (`convnext_t_22k_384.pth`); or as timm names it
            (`convnext_tiny.fb_in1k.safetensors`). None for timm's weights.

    Returns:
        The claims that can be measured, and the reasons why others cannot.

    Raises:
        InputError: There is no such network or folder, a named network has no published accuracy
            or no weights, or nothing at all can be measured.
    """
    if directory is not None and not directory.is_dir():
        raise InputError("no such directory of weights", file=str(directory))
    claims: list[Claim] = []
    left_out: list[str] = []
    for name, network in _networks(names):
        mine, lacking = _claims_of(name, network, directory, fetch=bool(names))
        claims += mine
        left_out += lacking
        if names and not mine:
            raise InputError(f"{name} cannot be measured: {lacking[0]}", hint=_hint(directory))
    if not claims:
        where = f"in {directory}" if directory else "in timm's cache"
        raise InputError(f"no weights of a published network are {where}", hint=_hint(directory))
    return tuple(claims), tuple(left_out)


def _networks(names: Sequence[str]) -> Iterator[tuple[str, Network]]:
    for name in names:
        named = find_network(name)
        yield named.spec.name or named.title, named.spec
    if names:
        return
    for name in catalog.names("specs"):
        network = load(name)
        if any(row.top1 is not None for row in network.published):
            yield name, network


def _claims_of(
    name: str, network: Network, directory: Path | None, *, fetch: bool
) -> tuple[list[Claim], list[str]]:
    """Return the claims of one network, and the reasons for its results without weights."""
    rows = [row for row in network.published if row.top1 is not None]
    if not rows:
        return [], ["its accuracy is not published"]
    claims: list[Claim] = []
    lacking: list[str] = []
    for key, group in _grouped(name, network, rows).items():
        if directory is not None:
            found = _files(directory, [key, *(row.weights or "" for row in group)])
            claims += [Claim(name, network, tuple(group), file) for file in found]
            if not found:
                lacking.append(f"no file {key}.safetensors or .pth in {directory}")
            continue
        for row in group:
            if row.weights is None:
                lacking.append(f"{key}: timm does not have the weights of {row.source}")
            elif fetch or is_cached(row.weights):
                claims.append(Claim(name, network, (row,), row.weights))
            else:
                lacking.append(f"{key}: {row.weights} is not in the cache")
    return claims, lacking


def _grouped(name: str, network: Network, rows: Iterable[Published]) -> dict[str, list[Published]]:
    """Group results by the name of the weights file that gave them."""
    groups: dict[str, list[Published]] = {}
    for row in rows:
        before = "_22k" if "22K" in row.pretrain else ""
        size = "" if row.resolution == network.input_size else f"_{row.resolution}"
        groups.setdefault(f"{name}{before}{size}", []).append(row)
    return groups


def _files(directory: Path, keys: Sequence[str]) -> list[Path]:
    """Return the weights file with one of these names, in a list; empty if there is none.

    Raises:
        InputError: There are several.
    """
    stems = {key.removeprefix(_TIMM) for key in keys if key}
    found = sorted(
        path
        for path in directory.iterdir()
        if path.suffix.lower() in SUFFIXES and path.stem in stems and path.is_file()
    )
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise InputError(f"several files for one network: {names}", file=str(directory))
    return found


def is_cached(weights: str) -> bool:
    """Return whether timm can load these weights without internet access."""
    from huggingface_hub import try_to_load_from_cache
    from timm.models import get_pretrained_cfg

    try:
        settings = get_pretrained_cfg(weights.removeprefix(_TIMM))
    except RuntimeError:  # a tag that this version of timm does not have
        return False
    if settings is None:
        return False
    names = ("model.safetensors", "pytorch_model.bin")
    hub = settings.hf_hub_id
    if hub and any(isinstance(try_to_load_from_cache(hub, name), str) for name in names):
        return True
    url = settings.url if isinstance(settings.url, str) else ""
    return bool(url) and (Path(torch.hub.get_dir()) / "checkpoints" / Path(url).name).is_file()


def _hint(directory: Path | None) -> str:
    if directory is not None:
        return "name each file by its network, such as convnext_t.pth"
    return "name networks to fetch their weights, or pass a folder of weights with --weights"
