"""From a specification to a torch module: the first room that knows torch."""

from designspace.compiler.build import CLASSIFIER, Compiled, build
from designspace.compiler.drop_path import set_drop_path
from designspace.compiler.features import Features
from designspace.compiler.synchronised import synchronise
from designspace.compiler.torchvision_backbone import in_line

__all__ = ["CLASSIFIER", "Compiled", "Features", "build", "in_line", "set_drop_path", "synchronise"]
