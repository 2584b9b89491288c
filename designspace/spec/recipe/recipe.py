"""A recipe: how a network is trained, as data with an identity.

A recipe says everything that a result depends on apart from the network, the data and the seed.
Sizes that only change speed (device, memory layout, workers) are no part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from designspace.layers.frozen import Frozen
from designspace.layers.kind import Kind
from designspace.layers.numbers import Size
from designspace.spec.documents.changes import apply
from designspace.spec.documents.digest import digest_of, without_null
from designspace.spec.documents.document import Origin
from designspace.spec.documents.validation import validate
from designspace.spec.recipe.crops import Crop, NoCrop, TestView
from designspace.spec.recipe.optimizers import Optimizer
from designspace.spec.recipe.recipe_files import recipe_document
from designspace.spec.recipe.schedules import Cosine, Schedule, Steps
from designspace.spec.recipe.shares import Positive, Rate, Share

Init = Literal["torch", "trunc_normal", "kaiming"]


class Ema(Frozen):
    """A moving average of the weights, which is then what is measured and kept.

    With `warmup` the decay at step t is at most 1 - (1 + t) ** (-2/3), so that short runs do not
    average in their beginning.
    """

    decay: Annotated[float, Field(gt=0, lt=1)] = 0.9999
    warmup: bool = True


JOINED = (
    frozenset({"schedule", "epochs"}),
    frozenset({"mixup", "cutmix", "mix_prob", "batch_size", "accumulation"}),
)  # fields that a rule of `Recipe._consistent` joins; any others can be chosen independently


class Recipe(Kind):
    """How to train; see `specs/recipes/`.

    Attributes:
        input_size: side of the images in pixels; null for what suits network and data.
        batch_size: images a step, over all devices.
        accumulation: into how many parts a step's images are cut, their gradients added up; batch
            norm and mixing see a part at a time. Null for one.
        init: first weights: torch's own; `trunc_normal`, of spread 0.02 cut at two units, biases
            zero (the ConvNeXt paper's code); `kaiming`, for convolutions (torchvision's ResNet).
        head_init_scale: factor of the classifier's first weights; null for 1.
        crop: random crop of a training image; null for the test view.
        flip: probability of a horizontal flip.
        rand_augment: timm's name of a RandAugment policy, or null.
        color_jitter: strength of a change of brightness, contrast and saturation; only without
            `rand_augment`, as timm has it. Null for none.
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
    input_size: Size | None = None
    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    accumulation: Annotated[int, Field(ge=2)] | None = None
    init: Init = "torch"
    head_init_scale: Positive | None = None
    optimizer: Optimizer
    schedule: Schedule = Cosine()
    label_smoothing: Rate = 0.0
    mixup: float = Field(default=0.0, ge=0)
    cutmix: float = Field(default=0.0, ge=0)
    mix_prob: Share = 1.0
    mix_switch_prob: Share = 0.5
    crop: Crop = NoCrop()
    flip: Share = 0.0
    rand_augment: str | None = Field(default=None, pattern=r"^rand(-[a-z]+[0-9.]+)+$")
    color_jitter: Positive | None = None
    random_erasing: Share = 0.0
    drop_path_rate: Rate = 0.0
    ema: Ema | None = None
    grad_clip: Positive | None = None
    precision: Literal["float32", "bfloat16"] = "float32"
    test: TestView = TestView()
    val_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2

    @model_validator(mode="after")
    def _consistent(self) -> Recipe:
        schedule, part = self.schedule, self.batch_size // self.parts
        if schedule.warmup_epochs >= self.epochs:
            raise _at(
                "schedule.warmup_epochs",
                f"it must be less than the {self.epochs} epochs (got {schedule.warmup_epochs:g})",
            )
        if isinstance(schedule, Steps) and schedule.milestones[-1] >= self.epochs:
            raise _at(
                "schedule.milestones",
                f"they must be less than the {self.epochs} epochs (got {schedule.milestones[-1]})",
            )
        if self.batch_size % self.parts:
            raise _at(
                "accumulation",
                f"it must divide the batch_size {self.batch_size} (got {self.parts})",
            )
        if self.mixes and part % 2:
            said = f"it must be even, part by part, where mixup or cutmix is on (got {part})"
            raise _at("batch_size", said)
        if self.color_jitter and self.rand_augment:
            raise _at("color_jitter", "it has no place beside rand_augment")
        return self

    @property
    def parts(self) -> int:
        """Parts of a step, by `accumulation`."""
        return self.accumulation or 1

    @property
    def part_size(self) -> int:
        """Images of a part, over all devices."""
        return self.batch_size // self.parts

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


def _at(path: str, said: str) -> PydanticCustomError:
    return PydanticCustomError("at_path", "{said}", {"said": said, "path": tuple(path.split("."))})


def load_recipe(
    source: str | Path | Mapping[str, Any],
    changes: Mapping[str, Any] | None = None,
    *,
    network: str | None = None,
) -> Recipe:
    """A recipe from its name in the catalog, a YAML file or plain data.

    Args:
        source: what to load.
        changes: values by dotted path, made in order on what was written.
        network: name of the network to train; a recipe may have a variant for it.

    Raises:
        InputError: what is wrong, with its file, line and path.
    """
    document = recipe_document(source, network)
    if changes and isinstance(document.data, dict):
        document = apply(document, changes, Origin("--recipe-set"))
    return validate(Recipe, document)
