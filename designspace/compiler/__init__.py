"""From a specification to a torch module: the first room that knows torch."""

from designspace.compiler.build import Compiled, build
from designspace.compiler.drop_path import set_drop_path

__all__ = ["Compiled", "build", "set_drop_path"]
