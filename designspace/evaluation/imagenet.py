"""The 1,000 classes of published ImageNet weights, in the order of their WordNet numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from timm.data.imagenet_info import ImageNetInfo

COUNT = 1000
_WNID = re.compile(r"n\d{8}")


@cache
def wnids() -> tuple[str, ...]:
    """Return the classes of ImageNet-1k in the order of the labels, as timm lists them."""
    return tuple(_info().label_names())


@cache
def words() -> tuple[str, ...]:
    """Return the same classes in words, such as `tench, Tinca tinca`; two are called `crane`."""
    info = _info()
    return tuple(info.index_to_description(index) for index in range(COUNT))


def are_wnids(classes: Sequence[str]) -> bool:
    """Return whether all classes are named by WordNet numbers."""
    return bool(classes) and all(_WNID.fullmatch(name) for name in classes)


def names_like(classes: Sequence[str]) -> tuple[str, ...]:
    """Return ImageNet's classes in a data set's naming: words if it uses words, else numbers."""
    known = set(words())
    return words() if classes and all(name in known for name in classes) else wnids()


@cache
def _info() -> ImageNetInfo:
    from timm.data.imagenet_info import ImageNetInfo  # importing timm takes a second

    return ImageNetInfo("imagenet-1k")
