"""A network: a stem, stages and a head."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Annotated, Any, Self, TypeVar

from pydantic import BeforeValidator, Field, PrivateAttr, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from designspace.blocks.families import Block, Downsample, Head, Stem
from designspace.blocks.linear_head import LinearHead
from designspace.layers.bounds import WIDEST
from designspace.layers.feature import Feature
from designspace.layers.kind import Kind
from designspace.layers.leaves.act import Act, InheritAct
from designspace.layers.leaves.norm import InheritNorm, LayerNorm, Norm
from designspace.layers.numbers import Count, Size
from designspace.layers.part import Children, Composite, Layer, PartContext, Sequential
from designspace.spec.documents.digest import digest_of, without_null
from designspace.spec.documents.per_stage import distribute
from designspace.spec.documents.published import Expected, Published
from designspace.spec.network.regnet_widths import spelt_out
from designspace.spec.network.stage import Stage
from designspace.spec.network.widths import Growth, Widths

K = TypeVar("K", bound=Kind)


def _as_it_is(value: Any) -> Any:
    """Return the value; only for the JSON schema, since quantised widths are expanded before."""
    return value


Depths = Annotated[
    tuple[Count, ...],
    Field(min_length=1, max_length=64),
    BeforeValidator(_as_it_is, json_schema_input_type=tuple[Count, ...] | Count),
]


@lru_cache(maxsize=4096)
def _inherited(part: K, norm: Norm, act: Act) -> K:
    """Fill in what a part inherits; equal parts share one result, so that it is hashed once."""
    return part.inherit({"norm": norm, "act": act})


class Network(Composite):
    """A vision backbone with its head.

    The numbers of classes and of input channels belong to the task and are not fields.

    Attributes:
        name: Name of the network; not part of its meaning.
        input_size: Nominal side of the square input in pixels; not part of the meaning.
        depths: Number of blocks per stage; with quantised widths, the number of all blocks.
        widths: Channels per stage: a list, `{base, growth}`, or RegNet's `{w0, wa, wm}`; for a
            bottleneck, of its narrow side.
        norm: Norm that replaces `inherit`.
        act: Activation that replaces `inherit`.
        stem: First part.
        block: Block of the stages, the same in all of them except for `per_stage` values; stored
            as one block for all stages or as one per stage.
        downsample: Downsampling before each stage, stored like `block`; the first one is used only
            with `downsample_first`.
        downsample_first: Whether the first stage shrinks the map too, as in RegNet.
        head: Last part.
        expected: True counts, if they are known; not part of the meaning, and dropped by any
            change to the network.
        published: Published results; not part of the meaning, and dropped likewise.
    """

    name: str = ""
    input_size: Size = 224
    depths: Depths
    widths: Widths
    norm: Norm = LayerNorm()
    act: Act
    stem: Stem
    block: Annotated[tuple[Block, ...], BeforeValidator(distribute)]
    downsample: Annotated[tuple[Downsample, ...], BeforeValidator(distribute)]
    downsample_first: StrictBool = False
    head: Head = LinearHead()
    expected: Expected | None = None
    published: tuple[Published, ...] = ()

    _authored: dict[str, Any] = PrivateAttr(default_factory=dict[str, Any])

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, data: Any) -> Any:
        return spelt_out(data)

    @model_validator(mode="after")
    def _lengths_agree(self) -> Self:
        stages = len(self.depths)
        for name, values in {
            "widths": self.widths,
            "block": self.block,
            "downsample": self.downsample,
        }.items():
            if isinstance(values, Growth) or (name != "widths" and len(values) == 1):
                continue
            if len(values) != stages:
                raise PydanticCustomError(
                    "at_path",
                    "{path} is given for {given} stages, but depths for {stages}",
                    {"path": name, "given": len(values), "stages": stages},
                )
        for number, width in enumerate(self.stage_widths, start=1):
            if not 1 <= width <= WIDEST:
                raise PydanticCustomError(
                    "at_path",
                    "stage {number} would be {width} wide",
                    {"path": "widths", "number": number, "width": f"{width:.6g}"},
                )
        return self

    @model_validator(mode="after")
    def _defaults_are_concrete(self) -> Self:
        for name, kind in {"norm": self.norm, "act": self.act}.items():
            if isinstance(kind, InheritNorm | InheritAct):
                raise PydanticCustomError(
                    "at_path", "the network's own {path} cannot inherit", {"path": name}
                )
        return self

    @property
    def authored(self) -> dict[str, Any]:
        """The authored form as plain data, to which changes apply."""
        return self._authored

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy; a copy with other values is validated and has its own digest."""
        if not update:
            return super().model_copy(deep=deep)
        return type(self).model_validate(self.model_dump(mode="json") | dict(update))

    @cached_property
    def stage_widths(self) -> tuple[int, ...]:
        """Width of each stage in channels."""
        widths = self.widths
        return widths.over(len(self.depths)) if isinstance(widths, Growth) else widths

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The stages, with all inherited norms and activations filled in."""
        downsamples, blocks = self._a_stage(self.downsample), self._a_stage(self.block)
        between = downsamples if self.downsample_first else (None, *downsamples[1:])
        rows = zip(self.depths, self.stage_widths, between, blocks, strict=True)
        return tuple(
            Stage.model_construct(depth=depth, width=width, downsample=downsample, block=block)
            for depth, width, downsample, block in rows
        )

    def __repr__(self) -> str:
        depths, widths = ("-".join(map(str, each)) for each in self._shape)
        return (
            f"<Network {self.name or 'without a name'}: depths {depths}, widths {widths}, "
            f"{self.input_size} pixels, digest {self.digest[:8]}>"
        )

    __str__ = __repr__

    def _repr_html_(self) -> str:
        """Return HTML for notebooks: one box per stage, with depth as length, width as height."""
        from designspace.figures import Box, boxes, page, table

        names = [f"stage {number}" for number in range(1, len(self.stages) + 1)]
        stages = list(zip(names, self.stages, strict=True))
        drawn = [Box(f"{name}: {s.depth} x {s.width}", s.depth, s.width) for name, s in stages]
        rows = [[name, s.depth, s.width, s.block.tag()] for name, s in stages]
        columns = ["", "depth", "width", "block"]
        title = f"{self.name or 'network'}, digest {self.digest[:8]}"
        return page(title, boxes(drawn), table(columns, rows, f"stem {self.stem.tag()}"))

    @property
    def _shape(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return tuple(stage.depth for stage in self.stages), self.stage_widths

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """Return stem, stages and head; the width of the context is the number of classes."""
        stages = {str(i): stage.on(PartContext(stage.width)) for i, stage in enumerate(self.stages)}
        return {
            "stem": self._filled(self.stem).on(PartContext(self._stem_width())),
            "stages": Sequential.of(stages),
            "head": self._filled(self.head).on(at),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Map an image to logits."""
        return m.head(m.stages(m.stem(x)))

    def meaning(self) -> dict[str, Any]:
        """Return the canonical form as plain data: exactly the values that have an effect."""
        return {
            "depths": list(self.depths),
            "widths": list(self.stage_widths),
            "stem": self._filled(self.stem).meaning_before(self.stage_widths[0]),
            "block": [self._block_meaning(i) for i in range(len(self.stages))],
            "downsample": [stage.downsample.meaning() for stage in self.stages if stage.downsample],
            "head": self._filled(self.head).meaning(),
        }

    @cached_property
    def digest(self) -> str:
        """Identity of the architecture: the digest of its canonical form without null values."""
        return digest_of(without_null(self.meaning()))

    def _stem_width(self) -> int:
        return self.stem.width or self.stage_widths[0]

    def _block_meaning(self, index: int) -> dict[str, Any]:
        stage = self.stages[index]
        before = self.stages[index - 1] if index else None
        channels = before.block.out_channels(before.width) if before else self._stem_width()
        return stage.block.meaning_where(projects=stage.projects(channels))

    def _filled(self, part: K) -> K:
        return _inherited(part, self.norm, self.act)  # pyright: ignore[reportArgumentType]

    def _a_stage(self, parts: tuple[K, ...]) -> tuple[K, ...]:
        """Return one filled part per stage; a part that all stages share is filled once."""
        filled = tuple(self._filled(part) for part in parts)
        return filled if len(filled) > 1 else filled * len(self.depths)
