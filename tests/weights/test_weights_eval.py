"""`designspace eval` with published weights: the authors' crop, interpolation, mean and spread."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from timm.data.transforms_factory import create_transform
from torchvision.datasets import ImageFolder

from designspace.evaluation.imagenet import wnids
from tests.helpers.command import run
from tests.helpers.random_weights import randomise
from tests.helpers.shared import shared

PHOTOS = shared() / "data" / "imagenette128.zip"
SIZES = ((140, 97), (128, 128), (75, 131), (61, 60))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes of smooth images of several sizes, labelled by the order of their folders."""
    draw = np.random.default_rng(0)
    for label, name in enumerate(("n01", "n02", "n03")):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number, size in enumerate(SIZES * 2):
            coarse = draw.integers(0, 256, (4, 4, 3), dtype=np.uint8)
            image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
            image.save(tmp_path / "images" / name / f"{label}{number}.png")
    return tmp_path / "images"


def weights(tmp_path: Path, classes: int) -> tuple[torch.nn.Module, Path]:
    """timm's small ConvNeXt, random, and its file."""
    model = timm.create_model("convnext_tiny", depths=(1, 1, 1, 1), num_classes=classes)
    path = tmp_path / "timm.safetensors"
    save_file(randomise(model).state_dict(), path)
    return model, path


@torch.no_grad()
def measured(
    model: torch.nn.Module,
    images: Path,
    size: int,
    crop: float,
    mode: str = "center",
    targets: dict[str, int] | None = None,
) -> tuple[float, float]:
    """Top-1 in percent and the mean cross-entropy, through timm's own evaluation transform."""
    seen: Any = create_transform(
        (3, size, size), crop_pct=crop, crop_mode=mode, interpolation="bicubic"
    )
    listed = ImageFolder(str(images))
    places = targets or listed.class_to_idx
    right = [places[name] for name in listed.classes]
    pairs: list[tuple[Any, int]] = [(seen(image), right[label]) for image, label in listed]
    logits = model(torch.stack([image for image, _ in pairs]))
    labels = torch.tensor([label for _, label in pairs])
    hits = (logits.argmax(1) == labels).double().mean()
    return 100 * hits.item(), torch.nn.functional.cross_entropy(logits, labels).item()


def test_the_published_evaluation_in_one_line(folder: Path, tmp_path: Path) -> None:
    model, path = weights(tmp_path, 3)
    words = ["eval", "convnext_t", "--set", "depths=[1,1,1,1]", "--weights", path]
    words += ["--data", folder, "--input-size", 64, "--device", "cpu", "--json"]
    ran = run(*words)
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["view"]["mean"] == [0.485, 0.456, 0.406]
    assert found["view"]["std"] == [0.229, 0.224, 0.225]
    assert (found["view"]["crop_pct"], found["view"]["interpolation"]) == (0.875, "bicubic")
    assert "timm's layout of convnext" in found["weights"]
    top1, loss = measured(model, folder, 64, 0.875)
    assert found["n"] == 24
    assert found["top1"] == pytest.approx(top1)
    assert found["loss"] == pytest.approx(loss, rel=1e-4)
    other = json.loads(run(*words, "--recipe", "demo").out)
    assert other["view"]["crop_pct"] == 1.0
    assert other["loss"] == pytest.approx(measured(model, folder, 64, 1.0)[1], rel=1e-4)


def test_weights_that_were_written_by_build_keep_their_input(folder: Path, tmp_path: Path) -> None:
    model, path = weights(tmp_path, 3)
    out = tmp_path / "own.safetensors"
    words = ["convnext_t", "--set", "depths=[1,1,1,1]", "--input-size", 64, "--weights"]
    assert run("build", *words, path, "--num-classes", 3, "--out", out).code == 0
    found = json.loads(run("eval", *words, out, "--data", folder, "--json").out)
    assert found["view"]["mean"] == [0.485, 0.456, 0.406]
    assert found["top1"] == pytest.approx(measured(model, folder, 64, 0.875)[0])


@pytest.mark.parametrize("mode", ["squash", "border"])
def test_a_recipe_may_warp(folder: Path, tmp_path: Path, mode: str) -> None:
    model, path = weights(tmp_path, 3)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"base: demo\nname: other\nchanges: {{test.crop_mode: {mode}}}\n")
    words = ["eval", "convnext_t", "--set", "depths=[1,1,1,1]", "--weights", path]
    ran = run(*words, "--data", folder, "--input-size", 64, "--recipe", recipe, "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["view"]["crop_mode"] == mode
    assert found["loss"] == pytest.approx(measured(model, folder, 64, 1.0, mode)[1], rel=1e-4)


def test_published_weights_without_names_take_imagenets_order(tmp_path: Path) -> None:
    """Ten of the thousand classes: matched by number, with all answers possible."""
    model, path = weights(tmp_path, 1000)
    names = ("n01440764", "n02102040", "n03888257")
    draw = np.random.default_rng(0)
    for name in names:
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(3):
            pixels = draw.integers(0, 256, (70, 80, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{number}.png")
    words = ["eval", "convnext_t", "--set", "depths=[1,1,1,1]", "--weights", path]
    words += ["--data", tmp_path / "images", "--input-size", 64]
    found = json.loads(run(*words, "--json").out)
    assert found["classes"]["weights"] == 1000
    targets = {name: wnids().index(name) for name in names}
    top1, loss = measured(model, tmp_path / "images", 64, 0.875, targets=targets)
    assert found["loss"] == pytest.approx(loss, rel=1e-4)
    assert found["top1"] == pytest.approx(top1)
    assert found["seen"] is None
    said = run(*words).out
    assert "all images of images, 9 images" in said
    assert "ImageNet's, whose order published weights have" in said


def test_a_classifier_of_other_classes_is_not_measured(folder: Path, tmp_path: Path) -> None:
    _, path = weights(tmp_path, 10)
    words = ["eval", "convnext_t", "--set", "depths=[1,1,1,1]", "--weights", path]
    ran = run(*words, "--data", folder)
    assert ran.code == 2
    assert "the weights have 10 classes, without names, and the images 3" in ran.err


@pytest.mark.skipif(not PHOTOS.is_file(), reason="the photos are not here")
def test_on_photos(tmp_path: Path) -> None:
    with zipfile.ZipFile(PHOTOS) as archive:
        names = [name for name in archive.namelist() if name.startswith("train/")]
        archive.extractall(tmp_path, names[::200])
    images = tmp_path / "train"
    classes = len(list(images.iterdir()))
    model, path = weights(tmp_path, classes)
    words = ["eval", "convnext_t", "--set", "depths=[1,1,1,1]", "--weights", path]
    found = json.loads(run(*words, "--data", images, "--input-size", 64, "--json").out)
    top1, loss = measured(model, images, 64, 0.875)
    assert found["n"] > classes
    assert found["top1"] == pytest.approx(top1)
    assert found["loss"] == pytest.approx(loss, rel=1e-4)
