"""Swin: timm's, the authors' and torchvision's names.

timm keeps the downsampling with the stage after it, the authors with the stage before it.
torchvision numbers stages and downsamplings in one sequence.
"""

from __future__ import annotations

from designspace.weights.conversions.resize import offsets
from designspace.weights.layout import Layout, Origin, Rule

_THEIRS = "layers.{s}.blocks.{b}"
_TORCHVISION = "features.{2s+1}.{b}"
_OURS = "stages.{s}.blocks.{b}"
_TABLE = "stages.0.blocks.0.mixer.attend.table"


def _layout(origin: Origin, ends: tuple[Rule, ...], block: tuple[Rule, ...]) -> Layout:
    tables = (f"{_THEIRS}.attn.relative_position_index", f"{_THEIRS}.attn_mask")
    tables += (f"{_TORCHVISION}.attn.relative_position_index",)
    return Layout("swin", (origin,), (*ends, *block), tables, needs=(_TABLE, "stem.norm.weight"))


def _ends(downsample: str, classifier: str) -> tuple[Rule, ...]:
    return (
        Rule("patch_embed.proj.*", "stem.conv.*"),
        Rule("patch_embed.norm.*", "stem.norm.*"),
        Rule(f"{downsample}.norm.*", "stages.{s}.downsample.norm.*"),
        Rule(f"{downsample}.reduction.*", "stages.{s}.downsample.reduction.*"),
        Rule("norm.*", "head.norm_before.*"),
        Rule(f"{classifier}.*", "head.classifier.*"),
    )


def _block(theirs: str, mlp: tuple[str, str]) -> tuple[Rule, ...]:
    table = f"{theirs}.attn.relative_position_bias_table"
    return (
        Rule(f"{theirs}.norm1.*", f"{_OURS}.norm1.*"),
        Rule(table, f"{_OURS}.mixer.attend.table", resize=offsets),
        Rule(f"{theirs}.attn.qkv.*", f"{_OURS}.mixer.qkv.*"),
        Rule(f"{theirs}.attn.proj.*", f"{_OURS}.mixer.proj.*"),
        Rule(f"{theirs}.norm2.*", f"{_OURS}.norm2.*"),
        Rule(f"{theirs}.mlp.{mlp[0]}.*", f"{_OURS}.channel_mixer.fc1.*"),
        Rule(f"{theirs}.mlp.{mlp[1]}.*", f"{_OURS}.channel_mixer.fc2.*"),
    )


LAYOUTS = (
    _layout("timm", _ends("layers.{s}.downsample", "head.fc"), _block(_THEIRS, ("fc1", "fc2"))),
    _layout("official", _ends("layers.{s-1}.downsample", "head"), _block(_THEIRS, ("fc1", "fc2"))),
    _layout(
        "torchvision",
        (
            Rule("features.0.0.*", "stem.conv.*"),
            Rule("features.0.2.*", "stem.norm.*"),
            Rule("features.{2s}.norm.*", "stages.{s}.downsample.norm.*"),
            Rule("features.{2s}.reduction.*", "stages.{s}.downsample.reduction.*"),
            Rule("norm.*", "head.norm_before.*"),
            Rule("head.*", "head.classifier.*"),
        ),
        _block(_TORCHVISION, ("0", "3")),
    ),
)
