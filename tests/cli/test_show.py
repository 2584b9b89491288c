"""What `show` prints loads again as what was shown, from any directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import designspace
from designspace.naming.find import find_network
from designspace.naming.texts import FOLDERS, Kind
from designspace.records.as_record import record_of
from designspace.sampling.space import load_space
from designspace.spec.documents import catalog
from designspace.spec.ladder import load_ladder
from designspace.spec.recipe.recipe import load_recipe
from designspace.weights import save_weights
from tests.helpers.command import run
from tests.helpers.named import make_study, numbers
from tests.helpers.trainings import npz, tiny_net, words


def digests(kind: Kind, source: str | Path) -> list[str]:
    """The identities of a document of a kind, loaded."""
    if kind == "ladder":
        return [step.spec.digest for step in load_ladder(source)]
    loaders = {"network": designspace.load, "space": load_space, "recipe": load_recipe}
    return [loaders[kind](source).digest]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_study(tmp_path_factory.mktemp("shown")))


@pytest.mark.parametrize("kind", FOLDERS)
def test_all_that_ships_loads_again(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = catalog.names(*FOLDERS[kind])
    for name in names if kind != "network" else names[::5]:
        ran = run("show", name, "--kind", kind)
        assert ran.code == 0, ran.err
        folder, _ = FOLDERS[kind]
        assert ran.out.startswith(f"# {kind}: {folder}/{name}.yaml, as it ships with designspace ")
        file = tmp_path / "shown.yaml"
        file.write_text(ran.out)
        assert digests(kind, file) == digests(kind, name)


@pytest.mark.parametrize(
    "name",
    ["resnet50_to_convnext_t:kernel_7", "timm:poolformer_s12", "timm:resnet50.a1_in1k"],
)
def test_a_network_by_another_name_loads_again(name: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(run("show", name).out)
    assert designspace.load(file).digest == designspace.load(name).digest
    said = json.loads(run("show", name, "--json").out)
    assert said["digest"] == designspace.load(name).digest
    assert designspace.load(said["data"]).digest == said["digest"]


def test_a_trial_shows_its_spec_and_its_recipe(demo: str, tmp_path: Path) -> None:
    for number in (numbers(Path(demo), "complete")[0], numbers(Path(demo), "stopped")[0]):
        name, record = f"{demo}:{number}", record_of(f"{demo}:{number}")
        ran = run("show", name)
        assert f"# network: {name} is trial {number} ({record.outcome.state}" in ran.out
        assert f"# '{name}' is also the name of a recipe: --kind recipe prints it" in ran.out
        file = tmp_path / "spec.yaml"
        file.write_text(ran.out)
        assert designspace.load(file).digest == record.spec.digest
        file.write_text(run("show", name, "--kind", "recipe").out)
        assert load_recipe(file).digest == record.recipe.digest


def test_a_spec_that_was_written_out_may_be_a_base(demo: str, tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(run("show", f"{demo}:winner").out)
    child = tmp_path / "child.yaml"
    child.write_text("base: my.yaml\nchanges: {act: silu}\n")
    expected = designspace.load(f"{demo}:winner", {"act": "silu"}).digest
    assert designspace.load(child).digest == expected
    elsewhere = tmp_path / "elsewhere" / "again.yaml"  # what is beside the file is named from there
    elsewhere.parent.mkdir()
    elsewhere.write_text(run("show", child).out)
    assert designspace.load(elsewhere).digest == expected
    child.write_text("{base: my.yaml, changes: {act: silu}}\n")
    elsewhere.write_text(run("show", child).out)
    assert designspace.load(elsewhere).digest == expected


def test_a_weights_file_shows_its_facts(tmp_path: Path) -> None:
    path, spec = tmp_path / "w.safetensors", tiny_net()
    model = designspace.build(spec, num_classes=20, in_channels=1, input_size=12)
    classes = [f"class {number}" for number in range(20)]
    facts: dict[str, Any] = {"num_classes": 20, "in_channels": 1, "classes": classes}
    save_weights(model, spec, path, input={"size": 12}, license="mit", **facts)
    ran = run("show", path)
    assert ran.code == 0, ran.err
    for line in ("# num_classes: 20", "# license: mit", '# input: {"size": 12}', "# tensors: 28"):
        assert line in ran.out.splitlines()
    assert '"class 11", ... 20 in all]' in ran.out
    said = json.loads(run("show", path, "--json").out)
    assert said["facts"]["classes"] == classes
    assert designspace.load(said["data"]).digest == spec.digest


def test_a_run_shows_its_spec_and_its_recipe(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert run(*words(npz(tmp_path), {"epochs": 1}), "--out", out).code == 0
    ran = run("show", out)
    assert "is a run of convnext_proxy (complete)" in ran.out
    file = tmp_path / "r.yaml"
    file.write_text(run("show", out, "--kind", "recipe").out)
    assert load_recipe(file).digest == record_of(out).recipe.digest


def test_what_timm_publishes_is_shown_without_a_download() -> None:
    said = json.loads(run("show", "timm:convnext_tiny.fb_in1k", "--json").out)
    assert said["facts"]["license"] == "apache-2.0"
    assert (said["facts"]["crop_pct"], said["facts"]["interpolation"]) == (0.875, "bicubic")
    unknown = run("show", "timm:efficientnet_b0")  # timm has it, the catalog has no such network
    assert unknown.code == 0
    assert "# license: apache-2.0" in unknown.out
    assert "no network of the catalog is known to match timm's 'efficientnet_b0'" in unknown.out


def test_a_variant_of_a_recipe(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(run("show", "convnext_1k:convnext_b").out)
    assert load_recipe(file).digest == load_recipe("convnext_1k", network="convnext_b").digest


def test_a_name_of_two_kinds_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for folder, source in (("search", "micro"), ("specs/recipes", "proxy_32")):
        text = (catalog.root() / folder / f"{source}.yaml").read_text()
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "demo.yaml").write_text(text)
    monkeypatch.setattr(catalog, "root", lambda: tmp_path)
    ran = run("show", "demo")
    assert ran.out.startswith("# space: search/demo.yaml")
    assert "# 'demo' is also the name of a recipe: --kind recipe prints it" in ran.out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["micro", "--kind", "recipe"], "'micro' is a space, not a recipe"),
        (["mcro"], "nothing is called 'mcro'; did you mean 'micro'?"),
        (["timm:resnet5"], "has no model 'resnet5'; did you mean resnet50"),
        (["timm:resnet50.zz"], "timm has no weights 'zz' of 'resnet50'; did you mean"),
        (["convnext_1k:nobody"], "convnext_1k has no variant 'nobody'"),
        (["."], "names no network"),
    ],
)
def test_wrong_names(
    given: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("show", *given)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_the_title_of_a_trial_is_its_name_in_a_file(demo: str) -> None:
    assert find_network(f"{demo}:0").spec.name == "demo:0"
    assert find_network(f"{demo}:0").file_name == "demo-0"
