"""The language: networks, spaces, ladders and recipes as data, read from YAML."""

from designspace.spec.network.load import load
from designspace.spec.network.network import Network

__all__ = ["Network", "load"]
