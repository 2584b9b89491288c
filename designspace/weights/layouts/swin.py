"""Swin. timm keeps the downsampling with the stage after it, the authors with the one before."""

from __future__ import annotations

from designspace.weights.layout import Layout, Origin, Rule
from designspace.weights.resize import offsets

_THEIRS = "layers.{s}.blocks.{b}"
_OURS = "stages.{s}.blocks.{b}"
_TABLE = "stages.0.blocks.0.mixer.attend.table"


def _layout(origin: Origin, downsample: str, classifier: str) -> Layout:
    rules = (
        Rule("patch_embed.proj.*", "stem.conv.*"),
        Rule("patch_embed.norm.*", "stem.norm.*"),
        Rule(f"{downsample}.norm.*", "stages.{s}.downsample.norm.*"),
        Rule(f"{downsample}.reduction.*", "stages.{s}.downsample.reduction.*"),
        Rule(f"{_THEIRS}.norm1.*", f"{_OURS}.norm1.*"),
        Rule(
            f"{_THEIRS}.attn.relative_position_bias_table",
            f"{_OURS}.mixer.attend.table",
            resize=offsets,
        ),
        Rule(f"{_THEIRS}.attn.qkv.*", f"{_OURS}.mixer.qkv.*"),
        Rule(f"{_THEIRS}.attn.proj.*", f"{_OURS}.mixer.proj.*"),
        Rule(f"{_THEIRS}.norm2.*", f"{_OURS}.norm2.*"),
        Rule(f"{_THEIRS}.mlp.fc1.*", f"{_OURS}.channel_mixer.fc1.*"),
        Rule(f"{_THEIRS}.mlp.fc2.*", f"{_OURS}.channel_mixer.fc2.*"),
        Rule("norm.*", "head.norm_before.*"),
        Rule(f"{classifier}.*", "head.classifier.*"),
    )
    tables = (f"{_THEIRS}.attn.relative_position_index", f"{_THEIRS}.attn_mask")
    return Layout("swin", (origin,), rules, tables, needs=(_TABLE,))


LAYOUTS = (
    _layout("timm", "layers.{s}.downsample", "head.fc"),
    _layout("official", "layers.{s-1}.downsample", "head"),
)
