"""A recipe: how a network is trained, as data with an identity.

A recipe says everything that a result depends on apart from the network, the data and the seed.
Sizes that only change speed (device, memory layout, workers) are no part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from designspace.layers.frozen import Frozen
from designspace.layers.kind import Kind
from designspace.spec import catalog
from designspace.spec.changes import apply
from designspace.spec.digest import digest_of, without_null
from designspace.spec.files import Document, Origin, read_yaml
from designspace.spec.validation import validate

Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Interpolation = Literal["bilinear", "bicubic"]
Init = Literal["torch", "trunc_normal"]


class Optimizer(Kind, family="optimizer"):
    """What takes the steps.

    `lr` is stated for `reference_batch` images a step and scales linearly with the batch size.
    One-dimensional parameters and biases are never decayed, as timm and the paper's code do.
    """

    lr: Positive
    reference_batch: int = Field(default=256, ge=1)
    weight_decay: float = Field(default=0.0, ge=0)


class AdamW(Optimizer):
    """AdamW, with decoupled weight decay."""

    kind: Literal["adamw"] = "adamw"
    betas: tuple[Rate, Rate] = (0.9, 0.999)
    eps: Positive = 1e-8


class Sgd(Optimizer):
    """Stochastic gradient descent with momentum."""

    kind: Literal["sgd"] = "sgd"
    momentum: Rate = 0.9
    nesterov: bool = True


class Cosine(Frozen):
    """Linear warm-up from `warmup_lr`, then a cosine down to `min_lr`; one value a step.

    `warmup_lr` and `min_lr` are absolute: they do not scale with the batch.
    """

    kind: Literal["cosine"] = "cosine"
    warmup_epochs: float = Field(default=0.0, ge=0)
    warmup_lr: float = Field(default=0.0, ge=0)
    min_lr: float = Field(default=0.0, ge=0)


class Crop(Kind, family="crop"):
    """A random crop of a training image."""


class NoCrop(Crop):
    """The test view, for training too."""

    kind: Literal["none"] = "none"


class PadCrop(Crop):
    """Pads by `padding` pixels of zero and crops back at a random place: small images."""

    kind: Literal["pad"] = "pad"
    padding: int = Field(default=2, ge=1)


class ResizedCrop(Crop):
    """Crops a random share of the area at a random aspect and resizes it: photographs."""

    kind: Literal["resized"] = "resized"
    scale: tuple[Share, Share] = (0.08, 1.0)
    ratio: tuple[Positive, Positive] = (3 / 4, 4 / 3)
    interpolation: Interpolation = "bicubic"

    @model_validator(mode="after")
    def _ordered(self) -> ResizedCrop:
        if not 0 < self.scale[0] <= self.scale[1]:
            raise ValueError("scale must be two shares of the area, the smaller first and above 0")
        if self.ratio[0] > self.ratio[1]:
            raise ValueError("ratio must have the smaller number first")
        return self


class Ema(Frozen):
    """A moving average of the weights, which is then what is measured and kept.

    With `warmup` the decay at step t is at most 1 - (1 + t) ** (-2/3), so that short runs do not
    average in their beginning.
    """

    decay: Annotated[float, Field(gt=0, lt=1)] = 0.9999
    warmup: bool = True


class TestView(Frozen):
    """How an image is looked at when it is measured.

    The short side is resized to size / `crop_pct`, then the center is cropped.
    """

    __test__ = False

    crop_pct: Annotated[float, Field(gt=0, le=1)] = 1.0
    interpolation: Interpolation = "bicubic"

    def covering(self, size: int) -> int:
        """Side that the short side is resized to; a fraction is cut off, as published codes do."""
        return int(size / self.crop_pct)


class Recipe(Frozen):
    """How to train; see `specs/recipes/`.

    Attributes:
        init: first weights: torch's own, or a normal of spread 0.02 cut at two units, biases zero.
        crop: random crop of a training image; null for the test view.
        flip: probability of a horizontal flip.
        rand_augment: timm's name of a RandAugment policy, or null.
        random_erasing: probability that a rectangle of an image becomes noise.
        mixup: alpha of mixup's Beta distribution, 0 for none.
        cutmix: alpha of cutmix's, 0 for none.
        mix_prob: share of the batches that are mixed at all.
        mix_switch_prob: share of those that use cutmix where both are on.
        drop_path_rate: rate of the last block, rising linearly from 0 at the first.
        grad_clip: largest norm of the gradient, or null.
        precision: of the forward pass; weights and losses stay float32.
        val_fraction: share of the training set, by class, that is held out for selection.
    """

    name: str = Field(default="recipe", min_length=1)
    note: str | None = None
    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    init: Init = "torch"
    optimizer: Optimizer
    schedule: Cosine = Cosine()
    label_smoothing: Rate = 0.0
    mixup: float = Field(default=0.0, ge=0)
    cutmix: float = Field(default=0.0, ge=0)
    mix_prob: Share = 1.0
    mix_switch_prob: Share = 0.5
    crop: Crop = NoCrop()
    flip: Share = 0.0
    rand_augment: str | None = Field(default=None, pattern=r"^rand(-[a-z]+[0-9.]+)+$")
    random_erasing: Share = 0.0
    drop_path_rate: Rate = 0.0
    ema: Ema | None = None
    grad_clip: Positive | None = None
    precision: Literal["float32", "bfloat16"] = "float32"
    test: TestView = TestView()
    val_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2

    @model_validator(mode="after")
    def _consistent(self) -> Recipe:
        if self.schedule.warmup_epochs >= self.epochs:
            raise ValueError("schedule.warmup_epochs must be less than epochs")
        if self.mixes and self.batch_size % 2:
            raise ValueError("batch_size must be even where mixup or cutmix is on")
        return self

    @property
    def mixes(self) -> bool:
        """Whether batches are mixed."""
        return (self.mixup > 0 or self.cutmix > 0) and self.mix_prob > 0

    @property
    def learning_rate(self) -> float:
        """The peak learning rate at this batch size (linear scaling)."""
        return self.optimizer.lr * self.batch_size / self.optimizer.reference_batch

    def plain(self) -> dict[str, Any]:
        """All fields as plain data, defaults filled in; `load_recipe` reads it back."""
        return self.model_dump(mode="json", serialize_as_any=True)

    @property
    def digest(self) -> str:
        """Identity of the meaning, 16 hex digits: name and note left out, defaults filled in.

        A field that is off (null) is left out too, so that a later field, off by default, leaves
        the digests of today's recipes as they are.
        """
        meaning = without_null(self.plain())
        return digest_of({key: meaning[key] for key in meaning if key not in ("name", "note")})


def load_recipe(
    source: str | Path | Mapping[str, Any], changes: Mapping[str, Any] | None = None
) -> Recipe:
    """A recipe from its name in the catalog, a YAML file or plain data.

    Args:
        source: what to load.
        changes: values by dotted path, made in order on what was written.

    Raises:
        InputError: what is wrong, with its file, line and path.
    """
    document = recipe_document(source)
    return validate(
        Recipe, apply(document, changes, Origin("--recipe-set")) if changes else document
    )


def recipe_document(source: str | Path | Mapping[str, Any]) -> Document:
    """What was written of a recipe: by its name in the catalog, a YAML file or plain data.

    Raises:
        InputError: There is none of the name, or it cannot be read.
    """
    if isinstance(source, Mapping):
        return Document(dict(source))
    return read_yaml(catalog.find(source, "specs/recipes", "recipe"))
