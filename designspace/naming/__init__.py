"""Names of networks: one way to name a network, for all commands and functions."""

from designspace.naming.find import find_network, find_weights
from designspace.naming.named import Named
from designspace.naming.reading import diff, load, network_of

__all__ = ["Named", "diff", "find_network", "find_weights", "load", "network_of"]
