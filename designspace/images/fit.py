"""The size at which a network sees a data set."""

from __future__ import annotations

from designspace.costing import cost
from designspace.errors import InputError
from designspace.images.data import Data
from designspace.spec.network import Network


def working_size(spec: Network, data: Data) -> int:
    """The images' own side where the network takes it, else the network's nominal input size.

    Images without a common square size are resized to the nominal size as well.
    """
    own = data.image_size
    if own is None or own == spec.input_size:
        return spec.input_size
    try:
        cost(spec, own, in_channels=data.channels, num_classes=data.num_classes)
    except InputError:
        return spec.input_size
    return own
