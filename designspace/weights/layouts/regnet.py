"""RegNetX: timm's, torchvision's and its authors' (pycls) names."""

from __future__ import annotations

from designspace.weights.layout import Layout, Origin, Rule, conv1x1
from designspace.weights.structure import is_regnet

_OURS = "stages.{s}.blocks.{b}"
_PYCLS = "s{s+1}.b{b+1}"
_TORCHVISION = "trunk_output.block{s+1}.block{s+1}-{b}"

Pair = tuple[str, str]


def _layout(
    origin: Origin, ends: tuple[Rule, ...], theirs: str, pairs: tuple[Pair, ...], remark: str = ""
) -> Layout:
    """Return a layout.

    Args:
        origin: Code base.
        ends: Rules of the stem and the head.
        theirs: Pattern of a block's prefix.
        pairs: Names of convolution and norm, for the branch's three layers and then the shortcut.
        remark: Sentence for people who load these weights.
    """
    first, middle, last, shortcut = pairs
    rules = (
        Rule(f"{theirs}.{first[0]}.*", f"{_OURS}.branch.pointwise1.*", conv1x1),
        Rule(f"{theirs}.{first[1]}.*", f"{_OURS}.branch.norm1.*"),
        Rule(f"{theirs}.{middle[0]}.*", f"{_OURS}.branch.spatial.conv.*"),
        Rule(f"{theirs}.{middle[1]}.*", f"{_OURS}.branch.norm2.*"),
        Rule(f"{theirs}.{last[0]}.*", f"{_OURS}.branch.pointwise2.*", conv1x1),
        Rule(f"{theirs}.{last[1]}.*", f"{_OURS}.branch.norm3.*"),
        Rule(f"{theirs}.{shortcut[0]}.*", f"{_OURS}.shortcut.conv.*"),
        Rule(f"{theirs}.{shortcut[1]}.*", f"{_OURS}.shortcut.norm.*"),
    )
    needs = ("stem.conv.weight", "stem.norm.weight", "stages.0.blocks.0.branch.norm3.weight")
    return Layout("regnet", (origin,), (*ends, *rules), needs=needs, suits=is_regnet, remark=remark)


LAYOUTS = (
    _layout(
        "timm",
        (
            Rule("stem.conv.*", "stem.conv.*"),
            Rule("stem.bn.*", "stem.norm.*"),
            Rule("head.fc.*", "head.classifier.*"),
        ),
        _PYCLS,
        (
            ("conv1.conv", "conv1.bn"),
            ("conv2.conv", "conv2.bn"),
            ("conv3.conv", "conv3.bn"),
            ("downsample.conv", "downsample.bn"),
        ),
    ),
    _layout(
        "torchvision",
        (
            Rule("stem.0.*", "stem.conv.*"),
            Rule("stem.1.*", "stem.norm.*"),
            Rule("fc.*", "head.classifier.*"),
        ),
        _TORCHVISION,
        (("f.a.0", "f.a.1"), ("f.b.0", "f.b.1"), ("f.c.0", "f.c.1"), ("proj.0", "proj.1")),
    ),
    _layout(
        "official",
        (
            Rule("stem.conv.*", "stem.conv.*", reverses=True),
            Rule("stem.bn.*", "stem.norm.*"),
            Rule("head.fc.*", "head.classifier.*"),
        ),
        _PYCLS,
        (("f.a", "f.a_bn"), ("f.b", "f.b_bn"), ("f.c", "f.c_bn"), ("proj", "bn")),
        "pycls reads images as BGR: the first convolution's channels are reversed",
    ),
)
