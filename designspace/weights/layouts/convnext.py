"""ConvNeXt, V2 and the isotropic form: timm's, the authors' and torchvision's names."""

from __future__ import annotations

from designspace.weights.conversions.sparse import dense, depthwise
from designspace.weights.layout import Form, Layout, Rule, Shapes, before_map, conv1x1, on_map, same
from designspace.weights.structure import is_convnext

_STEM = "stem.conv.weight"
_NORM = "stem.norm.weight"
_OURS = "stages.{s}.blocks.{b}"


def _timm(pointwise: Form) -> tuple[Rule, ...]:
    theirs = "stages.{s}.blocks.{b}"
    return (
        Rule("stem.0.*", "stem.conv.*"),
        Rule("stem.1.*", "stem.norm.*"),
        Rule("stages.{s}.downsample.0.*", "stages.{s}.downsample.norm.*"),
        Rule("stages.{s}.downsample.1.*", "stages.{s}.downsample.conv.*"),
        Rule(f"{theirs}.conv_dw.*", f"{_OURS}.branch.spatial.conv.*"),
        Rule(f"{theirs}.norm.*", f"{_OURS}.branch.norm1.*"),
        Rule(f"{theirs}.mlp.fc1.*", f"{_OURS}.branch.pointwise1.*", pointwise),
        Rule(f"{theirs}.mlp.grn.*", f"{_OURS}.branch.response.*"),
        Rule(f"{theirs}.mlp.fc2.*", f"{_OURS}.branch.pointwise2.*", pointwise),
        Rule(f"{theirs}.gamma", f"{_OURS}.scale.gamma"),
        Rule("norm_pre.*", "head.norm_before.*"),
        Rule("head.norm.*", "head.norm_after.*"),
        Rule("head.fc.*", "head.classifier.*"),
    )


def _official_block(theirs: str, ours: str) -> tuple[Rule, ...]:
    return (
        Rule(f"{theirs}.dwconv.*", f"{ours}.branch.spatial.conv.*"),
        Rule(f"{theirs}.norm.*", f"{ours}.branch.norm1.*"),
        Rule(f"{theirs}.pwconv1.*", f"{ours}.branch.pointwise1.*"),
        Rule(f"{theirs}.grn.gamma", f"{ours}.branch.response.weight", on_map),
        Rule(f"{theirs}.grn.beta", f"{ours}.branch.response.bias", on_map),
        Rule(f"{theirs}.pwconv2.*", f"{ours}.branch.pointwise2.*"),
        Rule(f"{theirs}.gamma", f"{ours}.scale.gamma"),
        Rule("norm.*", "head.norm_after.*"),
        Rule("head.*", "head.classifier.*"),
    )


_SPARSE = (  # V2's masked pre-training (FCMAE) in MinkowskiEngine's form
    Rule("downsample_layers.{s}.0.ln.*", "stages.{s}.downsample.norm.*"),
    Rule("downsample_layers.{s}.1.kernel", "stages.{s}.downsample.conv.weight", convert=dense),
    Rule("stages.{s}.{b}.dwconv.kernel", f"{_OURS}.branch.spatial.conv.weight", convert=depthwise),
    Rule("stages.{s}.{b}.norm.ln.*", f"{_OURS}.branch.norm1.*"),
    Rule("stages.{s}.{b}.pwconv1.linear.*", f"{_OURS}.branch.pointwise1.*"),
    Rule("stages.{s}.{b}.pwconv2.linear.*", f"{_OURS}.branch.pointwise2.*"),
)
_TORCHVISION = (
    Rule("features.0.0.*", "stem.conv.*"),
    Rule("features.0.1.*", "stem.norm.*"),
    Rule("features.{2s}.0.*", "stages.{s}.downsample.norm.*"),
    Rule("features.{2s}.1.*", "stages.{s}.downsample.conv.*"),
    Rule("features.{2s+1}.{b}.block.0.*", f"{_OURS}.branch.spatial.conv.*"),
    Rule("features.{2s+1}.{b}.block.2.*", f"{_OURS}.branch.norm1.*"),
    Rule("features.{2s+1}.{b}.block.3.*", f"{_OURS}.branch.pointwise1.*"),
    Rule("features.{2s+1}.{b}.block.5.*", f"{_OURS}.branch.pointwise2.*"),
    Rule("features.{2s+1}.{b}.layer_scale", f"{_OURS}.scale.gamma", before_map),
    Rule("classifier.0.*", "head.norm_after.*"),
    Rule("classifier.2.*", "head.classifier.*"),
)


def _below_tiny(shapes: Shapes) -> bool:
    """Return whether timm uses 1x1 convolutions as pointwise layers, as it does below Tiny."""
    return shapes[_STEM][0] < 96 and is_convnext(shapes)


def _scaled(shapes: Shapes) -> bool:
    """Return whether it is a ConvNeXt with layer scale; torchvision has no other, and no V2."""
    return "stages.0.blocks.0.scale.gamma" in shapes and is_convnext(shapes)


LAYOUTS = (
    Layout("convnext", ("timm",), _timm(conv1x1), needs=(_STEM, _NORM), suits=_below_tiny),
    Layout("convnext", ("timm",), _timm(same), needs=(_STEM, _NORM), suits=is_convnext),
    Layout("convnext", ("torchvision",), _TORCHVISION, needs=(_STEM, _NORM), suits=_scaled),
    Layout(
        "convnext",
        ("official",),
        (
            Rule("downsample_layers.0.0.*", "stem.conv.*"),
            Rule("downsample_layers.0.1.*", "stem.norm.*"),
            Rule("downsample_layers.{s}.0.*", "stages.{s}.downsample.norm.*"),
            Rule("downsample_layers.{s}.1.*", "stages.{s}.downsample.conv.*"),
            *_official_block("stages.{s}.{b}", _OURS),
            *_SPARSE,
        ),
        needs=(_STEM, _NORM),
        suits=is_convnext,
    ),
    Layout(
        "convnext_iso",
        ("official",),
        (
            Rule("stem.*", "stem.conv.*"),
            *_official_block("blocks.{b}", "stages.0.blocks.{b}"),
        ),
        needs=(_STEM,),
        suits=is_convnext,
    ),
)
