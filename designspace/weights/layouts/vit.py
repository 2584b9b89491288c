"""ViT and DeiT: timm's names, which DeiT's authors use too."""

from __future__ import annotations

from designspace.weights.conversions.resize import positions
from designspace.weights.layout import Layout, Rule

_THEIRS = "blocks.{b}"
_OURS = "stages.0.blocks.{b}"

LAYOUTS = (
    Layout(
        "deit",
        ("timm", "official"),
        (
            Rule("cls_token", "stem.class_token.token"),
            Rule("pos_embed", "stem.positions.table", resize=positions),
            Rule("patch_embed.proj.*", "stem.conv.*"),
            Rule(f"{_THEIRS}.norm1.*", f"{_OURS}.norm1.*"),
            Rule(f"{_THEIRS}.attn.qkv.*", f"{_OURS}.mixer.qkv.*"),
            Rule(f"{_THEIRS}.attn.proj.*", f"{_OURS}.mixer.proj.*"),
            Rule(f"{_THEIRS}.ls1.gamma", f"{_OURS}.scale1.gamma"),
            Rule(f"{_THEIRS}.norm2.*", f"{_OURS}.norm2.*"),
            Rule(f"{_THEIRS}.mlp.fc1.*", f"{_OURS}.channel_mixer.fc1.*"),
            Rule(f"{_THEIRS}.mlp.fc2.*", f"{_OURS}.channel_mixer.fc2.*"),
            Rule(f"{_THEIRS}.ls2.gamma", f"{_OURS}.scale2.gamma"),
            Rule("norm.*", "head.norm.*"),
            Rule("head.*", "head.classifier.*"),
        ),
        needs=("stem.positions.table",),
    ),
)
