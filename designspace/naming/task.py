"""The task that a network is counted and built for: classes, channels and size of the images."""

from __future__ import annotations

from dataclasses import dataclass

from designspace.naming.find import find_network
from designspace.naming.named import Named
from designspace.spec.network.load import Source
from designspace.spec.network.network import Network

NUM_CLASSES, IN_CHANNELS = 1000, 3  # of ImageNet


@dataclass(frozen=True, slots=True)
class Task:
    """A network with its task.

    Attributes:
        network: Network.
        num_classes: Number of classes.
        in_channels: Channels of the image.
        input_size: Side of the image in pixels; None for the network's nominal size.
    """

    network: Network
    num_classes: int
    in_channels: int
    input_size: int | None


def task_of(
    source: Source | Named,
    num_classes: int | None = None,
    in_channels: int | None = None,
    input_size: int | None = None,
) -> Task:
    """Return the task of a network: as given, else as it was trained for, else ImageNet's.

    Args:
        source: Name, plain data, a network, or a resolved name.
        num_classes: Number of classes; None if not given.
        in_channels: Channels of the image; None if not given.
        input_size: Side of the image in pixels; None if not given.

    Raises:
        InputError: A name stands for no network, or a specification is wrong.
    """
    named = find_network(source)
    return Task(
        named.spec,
        num_classes or named.num_classes or NUM_CLASSES,
        in_channels or named.in_channels or IN_CHANNELS,
        input_size or named.input_size,
    )
