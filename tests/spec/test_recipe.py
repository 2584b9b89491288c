from __future__ import annotations

from pathlib import Path

import pytest

from designspace.errors import InputError
from designspace.spec.documents import catalog
from designspace.spec.recipe.recipe import load_recipe
from tests.helpers.references import reference


@pytest.mark.parametrize("name", catalog.names("specs/recipes"))
def test_the_shipped_recipes_load_and_return_from_plain_data(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert load_recipe(recipe.plain()) == recipe
    assert load_recipe(recipe.plain()).digest == recipe.digest


def test_the_published_recipes_have_the_numbers_of_the_paper() -> None:
    papers = reference("paper.json")
    tables = papers["table_5_pretraining"], papers["table_6_finetuning_on_1k"]
    pretraining, finetuning = tables
    for name, table in {
        "convnext_1k": pretraining["imagenet_1k"],
        "convnext_22k": pretraining["imagenet_22k"],
        "convnext_finetune_1k_384": finetuning["from_imagenet_1k"],
        "convnext_finetune_22k": finetuning["from_imagenet_22k"],
        "convnext_finetune_22k_384": finetuning["from_imagenet_22k"],
    }.items():
        recipe = load_recipe(name)
        assert recipe.learning_rate == pytest.approx(table["base_lr"])
        assert recipe.optimizer.weight_decay == table["weight_decay"]
        assert recipe.optimizer.kind == table["optimizer"].lower()  # type: ignore[attr-defined]
        assert (recipe.epochs, recipe.batch_size) == (table["epochs"], table["batch_size"])
        assert recipe.schedule.warmup_epochs == (table["warmup_epochs"] or 0)
        assert (recipe.mixup, recipe.cutmix) == (table["mixup"] or 0, table["cutmix"] or 0)
        assert recipe.label_smoothing == table["label_smoothing"]
        assert recipe.random_erasing == table["random_erasing"]
        assert recipe.head_init_scale == table["head_init_scale"]
        decay = recipe.optimizer.layer_decay
        assert (decay and decay.rate) == table["layer_decay"]
        for size, rate in table["drop_path"].items():
            assert load_recipe(name, network=f"convnext_{size.lower()}").drop_path_rate == rate
    extra = pretraining["extra_from_R_code"]
    assert load_recipe("convnext_1k").rand_augment == extra["auto_augment"]
    assert load_recipe("convnext_1k").schedule.min_lr == extra["min_lr"]  # type: ignore[attr-defined]


def test_what_else_the_paper_says_of_its_recipes() -> None:
    table = reference("paper.json")["table_5_pretraining"]
    averaged = {name: load_recipe(name).ema is not None for name in catalog.names("specs/recipes")}
    assert averaged["convnext_1k"]
    assert not averaged["convnext_roadmap"]
    xl = load_recipe("convnext_finetune_22k", network="convnext_xl")
    assert xl.ema is not None
    assert xl.ema.decay == table["imagenet_1k"]["ema"]
    roadmap = load_recipe("convnext_roadmap", network="convnext_b")
    assert roadmap.drop_path_rate == 0.1
    isotropic = table["isotropic"]
    for size, rate in isotropic["drop_path"].items():
        recipe = load_recipe("convnext_isotropic", network=f"convnext_iso_{size.lower()}")
        assert recipe.drop_path_rate == rate
        assert recipe.schedule.warmup_epochs == isotropic["warmup_epochs"]
    sides = {name: load_recipe(name) for name in averaged if "finetune" in name}
    assert {name: (r.input_size, r.test.crop_pct) for name, r in sides.items()} == {
        "convnext_finetune_1k_384": (384, 1.0),
        "convnext_finetune_22k": (224, 0.875),
        "convnext_finetune_22k_384": (384, 1.0),
    }


def test_a_variant_is_taken_by_its_name_or_the_networks() -> None:
    named = load_recipe("convnext_1k:convnext_s")
    assert named == load_recipe("convnext_1k", network="convnext_s")
    assert named.digest != load_recipe("convnext_1k").digest
    assert load_recipe("convnext_1k", network="resnet50") == load_recipe("convnext_1k")
    over = load_recipe("convnext_1k", {"drop_path_rate": 0.2}, network="convnext_s")
    assert over.drop_path_rate == 0.2
    with pytest.raises(InputError, match=r"no variant 'convnext_x'; did you mean 'convnext_[sbl]'"):
        load_recipe("convnext_1k:convnext_x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("base: convnext_2k\n", "no recipe is called 'convnext_2k'"),
        ("base: demo\nepochs: 3\n", "mine.yaml:2: unknown key 'epochs' beside `base:`"),
        ("base: demo\nchanges:\n  epochs: 0\n", "mine.yaml:3: epochs: "),
        ("base: demo\nvariants: [1]\n", "mine.yaml:2: variants: variants are a mapping"),
        ("base: mine.yaml\n", "the bases form a cycle"),
        (
            "base: demo\nchanges: {accumulation: 3}\n",
            "mine.yaml:2: accumulation: it must divide the batch_size 64 (got 3)",
        ),
        ("base: demo\nvariants: 0\n", ":2: variants: variants are a mapping"),
        ("base: demo\nvariants: {a: {3: 3}}\n", ":2: variants: variants are a mapping"),
        (
            "base: demo\nchanges: {accumulation: 64, mixup: 1}\n",
            "batch_size no longer fits: each part must be even",
        ),
        (
            "base: demo\nchanges: {schedule: {kind: steps, milestones: [8]}}\n",
            "schedule.milestones: they must be less than the 8 epochs (got 8)",
        ),
        ("base: demo\nchanges: {schedule: {kind: steps, milestones: [3, 2]}}\n", "must rise"),
        (
            "base: convnext_1k\nchanges: {color_jitter: 0.4}\n",
            "color_jitter: it cannot be combined with rand_augment",
        ),
        ("base: demo\nchanges: {optimizer.layer_decay: {rate: 1.5}}\n", "layer_decay.rate"),
    ],
)
def test_mistakes_in_a_recipe_of_ones_own(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_recipe(path)
    assert said in str(caught.value)


def test_the_digest_is_that_of_the_meaning(tmp_path: Path) -> None:
    demo = load_recipe("demo")
    assert len(demo.digest) == 16
    assert load_recipe("demo", {"name": "other", "note": "a word"}).digest == demo.digest
    assert load_recipe("demo", {"schedule.kind": "cosine"}).digest == demo.digest
    assert load_recipe("demo", {"optimizer.lr": 0.1}).digest != demo.digest
    written = tmp_path / "mine.yaml"
    written.write_text("# a comment\nepochs: 1\nbatch_size: 2\noptimizer: {kind: sgd, lr: 0.1}\n")
    spelt = {"epochs": 1, "batch_size": 2, "optimizer": {"kind": "sgd", "lr": 0.1}, "crop": None}
    assert load_recipe(written).digest == load_recipe(spelt).digest


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"epoch": 3}, "unknown key 'epoch'; did you mean 'epochs'"),
        ({"optimizer.lrr": 1}, "optimizer.lrr: unknown key 'lrr'; did you mean 'lr'"),
        ({"optimizer.kind": "adam"}, "unknown kind 'adam'; did you mean 'adamw'"),
        ({"epochs": 0}, "epochs"),
        (
            {"schedule.warmup_epochs": 99},
            "schedule.warmup_epochs: it must be less than the 8 epochs",
        ),
        ({"mixup": 0.8, "batch_size": 3}, "--recipe-set: batch_size: each part must be even"),
        ({"crop": {"kind": "resized", "scale": [1, 0.5]}}, "scale must be"),
        ({"rand_augment": "random"}, "rand_augment"),
    ],
)
def test_mistakes_are_named(changes: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        load_recipe("demo", changes)


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'convnext_1k'"):
        load_recipe("convnext_k1")
