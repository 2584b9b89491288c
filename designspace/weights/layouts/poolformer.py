"""PoolFormer: timm's names and the authors'. timm pools before the last norm, they after it."""

from __future__ import annotations

from designspace.weights.layout import Layout, Rule, conv1x1

_OURS = "stages.{s}.blocks.{b}"
_SCALE = "stages.0.blocks.0.scale1.gamma"


def _block(theirs: str, scale: str) -> tuple[Rule, ...]:
    return (
        Rule(f"{theirs}.norm1.*", f"{_OURS}.norm1.*"),
        Rule(f"{theirs}.{scale.format(1)}", f"{_OURS}.scale1.gamma"),
        Rule(f"{theirs}.norm2.*", f"{_OURS}.norm2.*"),
        Rule(f"{theirs}.mlp.fc1.*", f"{_OURS}.channel_mixer.fc1.*", conv1x1),
        Rule(f"{theirs}.mlp.fc2.*", f"{_OURS}.channel_mixer.fc2.*", conv1x1),
        Rule(f"{theirs}.{scale.format(2)}", f"{_OURS}.scale2.gamma"),
    )


LAYOUTS = (
    Layout(
        "poolformer",
        ("timm",),
        (
            Rule("stem.conv.*", "stem.conv.*"),
            Rule("stages.{s}.downsample.conv.*", "stages.{s}.downsample.conv.*"),
            *_block("stages.{s}.blocks.{b}", "layer_scale{}.scale"),
            Rule("head.norm.*", "head.norm_before.*"),
            Rule("head.norm.*", "head.norm_after.*"),
            Rule("head.fc.*", "head.classifier.*"),
        ),
        needs=(_SCALE,),
        remark="timm's network pools before its last norm, the authors' after it",
    ),
    Layout(
        "poolformer",
        ("official",),
        (
            Rule("patch_embed.proj.*", "stem.conv.*"),
            Rule("network.{2s-1}.proj.*", "stages.{s}.downsample.conv.*"),
            *_block("network.{2s}.{b}", "layer_scale_{}"),
            Rule("norm.*", "head.norm_before.*"),
            Rule("head.*", "head.classifier.*"),
        ),
        needs=(_SCALE,),
    ),
)
