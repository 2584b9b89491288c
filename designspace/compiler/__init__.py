"""From a specification to a torch module: the lowest room that imports torch."""

from designspace.compiler.build import CLASSIFIER, BuiltNetwork, build
from designspace.compiler.drop_path import set_drop_path
from designspace.compiler.features import Features
from designspace.compiler.kernels.plain_layers import with_plain_layers
from designspace.compiler.synchronised import synchronise
from designspace.compiler.torchvision_backbone import torchvision_backbone

__all__ = [
    "CLASSIFIER",
    "BuiltNetwork",
    "Features",
    "build",
    "set_drop_path",
    "synchronise",
    "torchvision_backbone",
    "with_plain_layers",
]
