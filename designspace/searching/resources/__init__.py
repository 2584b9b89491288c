"""Resources per trial, and the number of parallel trials: checked before a study is created."""

from designspace.searching.resources.available import available, require_resources
from designspace.searching.resources.choice import Asked, Choice
from designspace.searching.resources.nodes import Available, Node

__all__ = ["Asked", "Available", "Choice", "Node", "available", "require_resources"]
