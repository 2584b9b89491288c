"""ResNet and ResNeXt: torchvision's and timm's names."""

from __future__ import annotations

from designspace.weights.layout import Layout, Rule, conv1x1
from designspace.weights.structure import is_resnet

_THEIRS = "layer{s+1}.{b}"
_OURS = "stages.{s}.blocks.{b}"


LAYOUTS = (
    Layout(
        "resnet",
        ("timm", "torchvision"),
        (
            Rule("conv1.*", "stem.conv.*"),
            Rule("bn1.*", "stem.norm.*"),
            Rule(f"{_THEIRS}.conv1.*", f"{_OURS}.branch.pointwise1.*", conv1x1),
            Rule(f"{_THEIRS}.bn1.*", f"{_OURS}.branch.norm1.*"),
            Rule(f"{_THEIRS}.conv2.*", f"{_OURS}.branch.spatial.conv.*"),
            Rule(f"{_THEIRS}.bn2.*", f"{_OURS}.branch.norm2.*"),
            Rule(f"{_THEIRS}.conv3.*", f"{_OURS}.branch.pointwise2.*", conv1x1),
            Rule(f"{_THEIRS}.bn3.*", f"{_OURS}.branch.norm3.*"),
            Rule(f"{_THEIRS}.downsample.0.*", f"{_OURS}.shortcut.conv.*"),
            Rule(f"{_THEIRS}.downsample.1.*", f"{_OURS}.shortcut.norm.*"),
            Rule("fc.*", "head.classifier.*"),
        ),
        needs=("stem.conv.weight", "stages.0.blocks.0.branch.norm3.weight"),
        suits=is_resnet,
    ),
)
