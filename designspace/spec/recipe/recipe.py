"""A recipe: how a network is trained, as data with a digest.

A recipe states everything that a result depends on, apart from the network, the data and the seed.
Settings that only change the speed (device, memory layout, workers) are not part of it.
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
    """An exponential moving average of the weights; the averaged weights are evaluated and saved.

    With `warmup` the decay at step t is at most 1 - (1 + t) ** (-2/3), so that the average of a
    short run does not contain its first steps.
    """

    decay: Annotated[float, Field(gt=0, lt=1)] = 0.9999
    warmup: bool = True


JOINED = (
    frozenset({"schedule", "epochs"}),
    frozenset({"mixup", "cutmix", "mix_prob", "batch_size", "accumulation"}),
)  # fields that a rule of `Recipe._consistent` couples; all others can be chosen independently


class Recipe(Kind):
    """The settings of a training; see `specs/recipes/`.

    Attributes:
        input_size: Side of the images in pixels; null for a side that suits network and data.
        batch_size: Number of images per step, over all devices.
        accumulation: Number of parts into which the images of a step are split; their gradients
            are added up. Batch norm and mixing see one part at a time. Null for one part.
        init: Initial weights: `torch` for torch's own; `trunc_normal` with standard deviation
            0.02, truncated to [-2, 2], and zero biases (the ConvNeXt paper's code); `kaiming`
            for convolutions (torchvision's ResNet).
        head_init_scale: Factor of the classifier's initial weights; null for 1.
        crop: Random crop of a training image; null for the test view.
        flip: Probability of a horizontal flip.
        rand_augment: RandAugment policy by its name in timm; null for none.
        color_jitter: Strength of changes of brightness, contrast and saturation; only without
            `rand_augment`, as in timm. Null for none.
        random_erasing: Probability that a rectangle of an image becomes noise.
        mixup: Parameter alpha of mixup's Beta distribution; 0 for no mixup.
        cutmix: Parameter alpha of cutmix's Beta distribution; 0 for no cutmix.
        mix_prob: Share of the batches that are mixed.
        mix_switch_prob: Share of the mixed batches that use cutmix if both are on.
        drop_path_rate: Drop rate of the last block's branch, rising linearly from 0 at the first.
        grad_clip: Largest norm of the gradient; null for no limit.
        precision: Precision of the forward pass; weights and losses stay float32.
        val_fraction: Share of the training set, by class, that is held out for selection.
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
            said = f"each part must be even if mixup or cutmix is on (got {part})"
            raise _at("batch_size", said)
        if self.color_jitter and self.rand_augment:
            raise _at("color_jitter", "it cannot be combined with rand_augment")
        return self

    @property
    def parts(self) -> int:
        """Number of parts of a step, from `accumulation`."""
        return self.accumulation or 1

    @property
    def part_size(self) -> int:
        """Number of images per part, over all devices."""
        return self.batch_size // self.parts

    @property
    def mixes(self) -> bool:
        """Whether batches are mixed."""
        return (self.mixup > 0 or self.cutmix > 0) and self.mix_prob > 0

    @property
    def learning_rate(self) -> float:
        """Peak learning rate at this batch size (linear scaling)."""
        return self.optimizer.lr * self.batch_size / self.optimizer.reference_batch

    def plain(self) -> dict[str, Any]:
        """Return all fields as plain data with defaults filled in; `load_recipe` reads it back."""
        return self.model_dump(mode="json", serialize_as_any=True)

    @property
    def digest(self) -> str:
        """Identity of the recipe, 16 hexadecimal digits: without name and note, with all defaults.

        Fields that are off (null) are left out too, so that a field that is added later and is off
        by default does not change the digests of existing recipes.
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
    """Load a recipe from a catalog name, a YAML file or plain data.

    Args:
        source: Catalog name, YAML file or plain data; `name:network` selects a variant.
        changes: Values by dotted path, applied in order to the document as it was written.
        network: Name of the network to train; its variant is used if the recipe has one.

    Raises:
        InputError: The recipe is wrong; the error has its file, line and path.
    """
    document = recipe_document(source, network)
    if changes and isinstance(document.data, dict):
        document = apply(document, changes, Origin("--recipe-set"))
    return validate(Recipe, document)
