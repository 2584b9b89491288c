"""Measuring one network on chosen images, with matched classes and its published or own view."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import torch

from designspace.compiler import build
from designspace.compiler.arithmetic import fast_arithmetic
from designspace.compiler.device import device_of
from designspace.errors import InputError
from designspace.evaluation.classes import Answers, Matching, match_classes
from designspace.evaluation.images import Chosen
from designspace.evaluation.subject import Subject
from designspace.images.statistics import statistics
from designspace.images.view import View
from designspace.records.training import Score
from designspace.spec.recipe.crops import TestView
from designspace.spec.recipe.recipe import Recipe, load_recipe
from designspace.training.evaluate import evaluate_split, relabelled
from designspace.weights import Loaded, Preprocessing, load_weights, published_view
from designspace.weights.recognise import recognise

_DEFAULT_RECIPE = "demo"
ENOUGH_FOR_TOP5 = 6
"""Fewest answers for a meaningful top-5: with five classes, top-5 is always 100 percent."""


@dataclass(frozen=True)
class Settings:
    """Conditions of a measurement.

    Attributes:
        device: Device to measure on: "cpu" or "cuda".
        recipe: Recipe that sets crop and precision; None for those known from the weights.
        input_size: Side of the input in pixels; None for the one known from the weights.
        classes: The user's mapping from classes of the weights to classes of the images.
        as_published: Whether to use the view with which the authors of the family published their
            results, even if a copy of their weights comes with another view.
    """

    device: str = "cpu"
    recipe: Recipe | None = None
    input_size: int | None = None
    classes: Mapping[str, str] | None = None
    as_published: bool = False


@dataclass(frozen=True)
class Evaluation:
    """The result of a measurement.

    Attributes:
        score: Top-1, top-5, loss and the number of images.
        answers: Number of classes that the network answers with.
        loaded: Weights that were loaded.
        view: Input view that the network saw.
        matching: Right answers for the images' classes.
    """

    score: Score
    answers: int
    loaded: Loaded
    view: View
    matching: Matching

    @property
    def top5(self) -> float | None:
        """Top-5 in percent; None if there are five answers or fewer."""
        return self.score.top5 if self.answers >= ENOUGH_FOR_TOP5 else None


def measure(subject: Subject, images: Chosen, settings: Settings) -> Evaluation:
    """Build the network, load its weights, and measure it on the images.

    Raises:
        InputError: The weights do not fit the network, have no classifier, or answer with other
            classes than the images have.
    """
    known = subject.weights.preprocessing
    size = settings.input_size or (known and known.size) or subject.spec.input_size
    answers = _answers(subject, images, size)
    matching = match_classes(answers, images.classes, settings.classes or {})
    model = build(
        subject.spec, num_classes=answers.count, in_channels=images.channels, input_size=size
    )
    loaded = load_weights(model, subject.weights, classifier="match")
    told = _published(subject, loaded, size) if settings.as_published else loaded.view(size)
    view = _view(images, size, told, settings.recipe)
    recipe = _recipe(subject, settings)
    device = device_of(settings.device)
    # Published accuracies are checked with torch's own settings.
    with nullcontext() if settings.as_published else fast_arithmetic(device):
        score = evaluate_split(
            model,
            relabelled(images.split, matching.targets),
            view,
            batch_size=recipe.part_size,
            bfloat16=recipe.precision == "bfloat16",
            device=settings.device,
        )
    return Evaluation(score, answers.count, loaded, view, matching)


def _recipe(subject: Subject, settings: Settings) -> Recipe:
    """Return the recipe for precision and batch: the given one, the training's, or the demo."""
    if settings.recipe is not None:
        return settings.recipe
    if subject.training is not None:
        return load_recipe(subject.training.record.recipe.full)
    precision = subject.facts.get("precision")
    changes = {"precision": precision} if precision else {}
    return load_recipe(_DEFAULT_RECIPE, changes)


def _answers(subject: Subject, images: Chosen, size: int) -> Answers:
    """Return how many classes the weights have, and which.

    Raises:
        InputError: The weights have no classifier.
    """
    count: int | None = subject.facts.get("num_classes")
    if count is None:
        count = _count(subject, images, size)
    if not count:
        raise InputError(
            "the weights have no classifier, so there is nothing to measure",
            file=subject.weights.name,
            hint="train one: designspace train NETWORK --from WEIGHTS",
        )
    return Answers(count, subject.classes)


def _count(subject: Subject, images: Chosen, size: int) -> int:
    """Return the number of classes of weights from elsewhere, by the shape of their classifier."""
    here = len(images.classes)
    with torch.device("meta"):
        model = build(subject.spec, num_classes=here, in_channels=images.channels, input_size=size)
    own = model.state_dict()
    matches = [recognise(found.tensors, own, (), found.beside) for found in subject.weights.sets]
    fitting = [match for match in matches if not match.wrong]
    there = max(fitting or matches, key=lambda match: len(match.tensors)).classes
    return here if there is None else there


def _published(subject: Subject, loaded: Loaded, size: int) -> Preprocessing | None:
    """Return the authors' view; for weights that designspace wrote, the view in their file."""
    if subject.facts:
        return loaded.view(size)
    by_torchvision = loaded.layout == "torchvision" or ".tv" in loaded.source
    origin = "torchvision" if by_torchvision else "official"
    return published_view(loaded.family, size, origin=origin, width=loaded.stem_width)


def _view(images: Chosen, size: int, known: Preprocessing | None, recipe: Recipe | None) -> View:
    """Build the view: mean and spread of the weights, crop of the recipe or else of the weights."""
    test = recipe.test if recipe else TestView()
    if recipe is None and known and known.crop_pct:
        test = TestView(
            crop_pct=known.crop_pct, interpolation=known.interpolation, crop_mode=known.crop_mode
        )
    if known is None:
        return View(size, *statistics(images.split), test)
    fitting = known.on(images.channels)
    return View(size, fitting.mean, fitting.std, test)
