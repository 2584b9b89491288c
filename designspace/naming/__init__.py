"""Names of networks: one way to name a network, for all commands and functions."""

from designspace.naming.directories import holds_training
from designspace.naming.find import find_network, find_weights
from designspace.naming.named import Named
from designspace.naming.reading import diff, load
from designspace.naming.task import Task, task_of

__all__ = [
    "Named",
    "Task",
    "diff",
    "find_network",
    "find_weights",
    "holds_training",
    "load",
    "task_of",
]
