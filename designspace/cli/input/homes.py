"""Default directories: what differs in a training or a search goes into a directory of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from designspace.images.data import Data

_LONGEST = 40  # characters of a name, so that the whole stays a valid one


def data_part(data: Data) -> str:
    """Name the data within a default directory; empty for the packaged set.

    A folder or a file is named with a part of the digest of its content, since two that are called
    the same need not hold the same images; torchvision's sets are named alone.
    """
    from designspace.images.npz import PACKAGED
    from designspace.images.torchvision_sets import NAMED

    source = data.load.get("source")
    if source is None or source == PACKAGED:
        return ""
    name = re.sub(r"[^\w.-]+", "_", data.name)[:_LONGEST].strip("._-") or "data"
    return f"-{name}" if source in NAMED else f"-{name}-{data.digest[:6]}"
