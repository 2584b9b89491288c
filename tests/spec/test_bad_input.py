"""Bad input: one clear message with file, line, path and the nearest choice; exit code 2."""

from __future__ import annotations

import itertools
import os
import tempfile
from pathlib import Path

import pytest

from designspace.errors import InputError
from designspace.spec.documents import catalog, document, yaml_parser
from designspace.spec.space.load_space import load_space
from tests.helpers.command import run

CONVNEXT = (catalog.root() / "specs" / "convnext_t.yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("norm_at: [1]", "norms_at: [1]", ["spec.yaml:15: block.norms_at: unknown", "'norm_at'"]),
        ("kernel_size: 7", "kernal_size: 7", [":13: block.spatial.kernal_size", "'kernel_size'"]),
        ("kind: patchify", "kind: patchfy", [":8: stem: unknown kind 'patchfy'", "'patchify'"]),
        ("kind: separate", "kind: seperate", ["downsample: unknown kind", "'separate'"]),
        ("act: gelu", "act: gleu", ["spec.yaml:7: act: unknown kind 'gleu'", "'gelu'"]),
        ("wide: middle", "wide: midle", ["spec.yaml:11: block.wide: 'midle'", "'middle'"]),
        ("depths: [3, 3, 9, 3]", "depths: [3, 3, 9]\nwidths: [96, 192]", ["appears twice"]),
        ("kernel_size: 7", "kernel_size: 6", [":13: block.spatial.kernel_size", "use 5 or 7"]),
        ("kernel_size: 7", "kernel_size: seven", [":13: block.spatial.kernel_size", "'seven'"]),
        (
            "norm_at: [1]",
            "norm_at: 2",
            ["spec.yaml:15: block.norm_at", "does not say which positions"],
        ),
        (
            "ratio: 4",
            "ratio: {per_stage: [4, 4]}",
            ["block is given for 2 stages, but depths for 4"],
        ),
        ("norm_at: [1]", "norm_at: {per_stage: [[1], [1], [1], [9]]}", ["block.norm_at"]),
        (
            "name: convnext_t",
            "name: !!python/object/apply:os.system ['no']",
            ["only plain data is allowed", ":3:"],
        ),
        ("name: convnext_t", "name: [", ["broken YAML"]),
        ("depths: [3, 3, 9, 3]", "depths: []", ["spec.yaml:4: depths"]),
        ("head: {", "hed: {", ["unknown key 'hed'", "'head'"]),
        ("ratio: 4", "ratio: .nan", [":12: block.ratio: it should be a finite number"]),
        ("ratio: 4", "ratio: 0.001", ["block (stage 1, branch.pointwise1): nothing is left"]),
        ("bias: true\n  layer", "bias: 1\n  layer", [":17: block.bias: it should be a valid bool"]),
        ("kernel_size: 7", "kernel_size: true", [":13: block.spatial.kernel_size"]),
        ("groups: depthwise", "groups: -1", [":13: block.spatial.groups: it should be greater"]),
        ("base: 96", "base: 9.5", [":5: widths.base: it should be a valid integer"]),
        ("growth: 2", "growth: 0.001", [":5: widths: stage 2 would be 0 wide"]),
        ("{base: 96, growth: 2}", "[96, x, 1, 1]", [":5: widths.1: it should be a valid integer"]),
        ("[3, 3, 9, 3]", "[3, 3, 99999999999, 3]", [":4: depths.2: it should be less than"]),
        ("[3, 3, 9, 3]", "{per_stage: [3]}", [":4: depths: per_stage is not allowed here"]),
        ("act: gelu", "act: {kind: [1]}", [":7: act: a kind is a word", "gelu"]),
        ("act: gelu", "act: {kind: inherit}", [":7: act: the network's own act cannot inherit"]),
        ("name: convnext_t", "name: x\n3: 4", ["a key must be a word"]),
    ],
)
def test_a_wrong_spec(tmp_path: Path, old: str, new: str, said: list[str]) -> None:
    assert old in CONVNEXT
    path = tmp_path / "spec.yaml"
    path.write_text(CONVNEXT.replace(old, new, 1))
    ran = run("build", path, "--out", tmp_path / "weights.safetensors")
    assert ran.code == 2, ran.err
    assert ran.err.count("\n") == 1
    for words in said:
        assert words in ran.err
    assert [p.name for p in tmp_path.iterdir()] == ["spec.yaml"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1: a mapping was expected, not nothing"),
        ("[a]", ":1: a mapping was expected, not a list"),
        ("\x00", "broken YAML"),
        ("a: !!int b", ":1: broken YAML: invalid literal"),
        ("a: !!timestamp b", ":1: only plain data"),
        ("a: 2023-13-45", ":1: a: unknown key"),
        ("a: " + "9" * 5000, ":1: broken YAML: a whole number takes at most 64 bits"),
        ("[" * 3000 + "]" * 3000, ":1: broken YAML: nested too deeply"),
        ("depths: &a [*a]", ":1: broken YAML: nested too deeply"),
        ("base: 3", ":1: base: a base is a catalog name or a path"),
        ("base: convnext_t\nchanges: {3: 4}", ":2: changes: changes are a mapping"),
        (
            "a: &a [x,x,x,x,x,x,x,x]\n"
            + "".join(
                f"{new}: &{new} [" + ",".join([f"*{old}"] * 8) + "]\n"
                for old, new in itertools.pairwise("abcdefgh")
            ),
            "broken YAML: more than 100,000 values",
        ),
    ],
)
def test_a_file_that_is_no_spec(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a spec.yaml"
    path.write_text(text)
    ran = run("cost", path)
    assert ran.code == 2, ran.err
    assert said in ran.err
    assert str(path) in ran.err
    assert ran.err.count("\n") == 1


PLAIN_AXIS = {"path": "act", "choices": ["gelu", "relu"]}


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"axes": {"a": {"path": "act", "choices": []}}}, "axes.a.choices: at least one"),
        ({"axes": {"a": {"path": "", "choices": [1]}}}, "axes.a.path"),
        ({"axes": {"a": {"path": "act", "choices": {1: "gelu", "1": "relu"}}}}, "appears twice"),
        ({"axes": {"a": {"choices": {"x": {3: 4}}}}}, "must list its own paths"),
        ({"axes": {"a": {"path": "act", "range": [1, 10**12]}}}, "more than 1,000 choices"),
        ({"axes": {"a": PLAIN_AXIS | {"range": [1, 2]}}}, "not both"),
        ({"axes": {"a": PLAIN_AXIS, "b": PLAIN_AXIS}}, "axes a and b both set act"),
        (
            {"axes": {"a": PLAIN_AXIS | {"when": {"a": "gelu"}}}},
            "axes.a.when: no other axis is called 'a'",
        ),
        ({"axes": {"a": PLAIN_AXIS, "b": PLAIN_AXIS | {"when": {"a": []}}}}, "axes.b.when.a"),
        (
            {
                "axes": {
                    "a": PLAIN_AXIS | {"when": {"b": "gelu"}},
                    "b": PLAIN_AXIS | {"when": {"a": "gelu"}},
                }
            },
            "form a cycle",
        ),
        ({"limits": [{"cost": "macs", "low": "1e999"}]}, "more than any network costs"),
        ({"limits": [{"cost": "gmacs", "low": "2G"}]}, "has a unit"),
        ({"limits": [{"cost": "macs", "low": True}]}, "is not a number"),
        (
            {"limits": [{"cost": "macs", "low": 5}, {"cost": "gmacs", "high": 1e-9}]},
            "at least 5 and at most 1",
        ),
    ],
)
def test_a_wrong_space(part: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_space({"base": "convnext_proxy", "axes": {"act": PLAIN_AXIS}} | part)


@pytest.mark.parametrize(
    ("axes", "where", "said"),
    [
        ("a: {path: act, choices: [gelu, gleu]}", "3: axes.a", "did you mean 'gelu'?"),
        ("a:\n    path: act\n    choices:\n      - gelu\n      - gleu", "7: axes.a", "'gelu'?"),
        ("a:\n    choices:\n      x: {act: relu}\n      y: {akt: relu}", "6: axes.a", "'act'?"),
        ("a: {path: block.ratjo, choices: [2]}", "3: axes.a", "did you mean 'ratio'?"),
        (
            "a: {path: block.ratio.x, choices: [2]}",
            "3: axes.a",
            "the path leads into 'block.ratio'",
        ),
        ("a: {path: depths.7, choices: [2]}", "3: axes.a", "there is no '7' to set in 'depths'"),
        ("a: {path: act, choises: [gelu]}", "3: axes.a.choises", "did you mean 'choices'?"),
        (
            "a: {path: act, choices: [gelu]}\n  b: {path: block.ratio, choices: [2], when: {c: 1}}",
            "4: axes.b.when",
            "no other axis is called 'c'; valid: a",
        ),
        (
            "a: {path: act, choices: [gelu]}\n  b:\n    path: block.ratio\n    range: [2, 3]\n"
            "    when:\n      a: gleu",
            "8: axes.b.when.a",
            "axis a has no choice 'gleu'; did you mean 'gelu'?",
        ),
    ],
)
def test_a_wrong_axis_has_its_line_and_the_nearest_choice(
    tmp_path: Path, axes: str, where: str, said: str
) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(f"base: convnext_proxy\naxes:\n  {axes}\n")
    ran = run("search", "--space", path, "--dry-run")
    assert ran.code == 2, ran.err
    assert f"space.yaml:{where}: " in ran.err
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_widths_and_depths_of_different_lengths(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(CONVNEXT.replace("{base: 96, growth: 2}", "[96, 192, 384]"))
    ran = run("cost", path)
    assert ran.code == 2
    assert f"{path}:5: widths: widths is given for 3 stages, but depths for 4" in ran.err


def test_a_base_names_the_line_of_the_change(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("base: convnext_t\nchanges:\n  act: relu\n  block.spatial.kernel_sise: 5\n")
    ran = run("cost", path)
    assert ran.code == 2
    assert "mine.yaml:4: block.spatial.kernel_sise: unknown key 'kernel_sise'" in ran.err


def test_a_change_that_makes_a_part_is_at_fault_for_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("base: convnext_t\nchanges:\n  act: relu\n  blok.spatial.kernel_size: 5\n")
    ran = run("cost", path)
    assert ran.code == 2
    assert "mine.yaml:4: blok: unknown key 'blok'; did you mean 'block'?" in ran.err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            ["block.spatial.kind=pool"],
            "--set: block.spatial.kind: kind 'pool' has no 'groups', which is left over "
            "from the old kind; replace the whole mapping: --set block.spatial='{kind: pool}'",
        ),
        (
            ["act=relu", "block.kind=metaformer"],
            "--set: block.kind: kind 'metaformer' has no 'wide'",
        ),
        (["depths=[3, 3]", "widths=[8, 8, 8]"], "--set: widths: widths is given for 3 stages"),
        (["act.kid=relu"], "--set: act.kid: unknown key 'kid'; did you mean 'kind'?"),
    ],
)
def test_a_change_by_option_is_at_fault_and_not_the_base(changes: list[str], said: str) -> None:
    ran = run("cost", "convnext_t", *(word for change in changes for word in ("--set", change)))
    assert ran.code == 2
    assert said in ran.err
    assert ".yaml" not in ran.err
    assert ran.err.count("\n") == 1


def test_another_kind_takes_the_place_of_a_whole_mapping() -> None:
    assert run("cost", "convnext_t", "--set", "block.spatial={kind: pool}").code == 0


def test_a_field_named_like_its_kind_is_no_excuse() -> None:
    """Swin's mixer is of the kind `window` and has a field `window`."""
    ran = run("cost", "swin_t", "--set", "block.mixer.window_size=500")
    assert ran.code == 2
    said = "--set: block.mixer.window_size: unknown key 'window_size'; did you mean 'window'?"
    assert said in ran.err


@pytest.mark.parametrize("way", ["option", "file"])
def test_a_rule_over_two_values_blames_the_one_that_was_changed(way: str, tmp_path: Path) -> None:
    words: tuple[object, ...] = ("--recipe-set", "epochs=1")
    where = "--recipe-set: epochs"
    if way == "file":
        (tmp_path / "short.yaml").write_text("base: demo\nchanges:\n  epochs: 1\n")
        words, where = ("--recipe", tmp_path / "short.yaml"), "short.yaml:3: epochs"
    ran = run("train", "convnext_proxy", *words, "--out", tmp_path / "run")
    assert ran.code == 2
    assert f"{where}: with this, schedule.warmup_epochs no longer fits" in ran.err
    assert "demo.yaml:8: change it there as well" in ran.err
    assert (way == "option") == ("--recipe-set schedule.warmup_epochs=..." in ran.err)


def test_a_base_that_is_wrong_itself_stays_at_fault(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(CONVNEXT.replace("ratio: 4", "ratio: -4", 1))
    (tmp_path / "mine.yaml").write_text("base: base.yaml\nchanges:\n  act: relu\n")
    ran = run("cost", tmp_path / "mine.yaml")
    assert ran.code == 2
    assert "base.yaml:12: block.ratio: it should be greater than 0" in ran.err


@pytest.mark.parametrize(
    "number",
    ["9" * 20_000, "0x" + "F" * 20_000, "0b" + "1" * 70, "-" + "9" * 30, "1:" * 3_000 + "1"],
)
def test_a_number_that_no_machine_holds(number: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(CONVNEXT.replace("ratio: 4", f"ratio: {number}", 1))
    ran = run("cost", path)
    assert ran.code == 2
    assert ran.err == f"error: {path}:12: broken YAML: a whole number takes at most 64 bits\n"


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"k{number}: 1\n" for number in range(300_000)),
        f"[{'a, ' * 300_000}]",
        f"[{'{}, ' * 300_000}]",
    ],
)
def test_a_document_of_too_many_values_is_refused_before_it_is_read(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the tree of a document that is refused need not be made")

    monkeypatch.setattr(yaml_parser.PlainLoader, "get_single_node", never)
    monkeypatch.setattr(yaml_parser.QuickLoader, "get_single_node", never)
    (tmp_path / "spec.yaml").write_text(text)
    ran = run("cost", tmp_path / "spec.yaml")
    assert ran.code == 2
    assert "more than 100,000 values" in ran.err


@pytest.mark.parametrize(
    ("network", "change", "said"),
    [
        ("resnet50", "block.spatial.groups=7", "block.spatial (stage 1, conv): 7 groups do not"),
        ("swin_t", "block.mixer.head_dim=7", "block.mixer (stage 1): 96 channels are not a whole"),
        ("convnext_t", "input_size=20", "downsample (stage 4, conv): a map of side 1 is too small"),
        ("convnext_t", "stem.patch_size=900", "stem (conv): a map of side 224 is too small"),
        ("deit_s", "head.kind=linear", ""),
    ],
)
def test_a_shape_error_names_the_path_that_was_written(
    network: str, change: str, said: str
) -> None:
    ran = run("cost", network, "--set", change)
    assert "stages." not in ran.err
    assert said in ran.err


def test_a_long_chain_of_bases_is_no_circle(tmp_path: Path) -> None:
    for number in range(40):
        above = f"{number + 1}.yaml" if number < 39 else "convnext_t"
        (tmp_path / f"{number}.yaml").write_text(f"base: {above}\n")
    assert run("cost", tmp_path / "30.yaml").code == 0
    ran = run("cost", tmp_path / "0.yaml")
    assert ran.code == 2
    assert "more than 16 nested bases" in ran.err


def test_bases_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("base: b.yaml\n")
    (tmp_path / "b.yaml").write_text("base: a.yaml\n")
    ran = run("cost", tmp_path / "a.yaml")
    assert ran.code == 2
    assert "circle" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cost", "convnext_q"], "did you mean 'convnext_t'?"),
        (["cost", "nowhere.yaml"], "nowhere.yaml: no such network file"),
        (["cost", "convnext_t", "--input-size", "16"], "too small"),
        (["cots", "convnext_t"], "No such command 'cots'"),
        (["cost"], "Missing argument 'SPEC'"),
        (["cost", "convnext_t", "--jsn"], "No such option: --jsn"),
        (["cost", "convnext_t", "--input-size", "x"], "--input-size': Input should be a valid int"),
        (["cost", "convnext_t", "--num-classes", 10**30], "less than or equal to 1000000"),
        (["build", "convnext_proxy", "--seed", -1], "greater than or equal to 0"),
        (["cost", "two\nlines"], "no network is called 'two lines'"),
        (["cost", "convnext_t", "--set", "depths"], "not of the form path=value"),
        (["cost", "convnext_t", "--set", "act="], "--set: act: no value is given"),
        (["cost", "convnext_t", "--set", "act.kind=null"], "--set: act: a kind is a word"),
        (["cost", "convnext_t", "--set", "depths.x=1"], "there is no 'x'"),
        (["cost", "convnext_t", "--set", "depths.9=1"], "there is no '9'"),
        (["cost", "convnext_t", "--set", "name.x.y=1"], "should be a valid string"),
        (["schema", "netwrk"], "did you mean 'network'?"),
        (["eval", "convnext_proxy", "--weights", "none.safetensors"], "no such weights file"),
        (["train", "convnext_proxy", "--data", "nowhere"], "unknown data 'nowhere'"),
        (["train", "convnext_proxy", "--data", "nowhere.npz"], "no such file"),
        (["train", "convnext_proxy", "--recipe", "dmo"], "did you mean 'demo'?"),
        (["train", "convnext_proxy", "--recipe-set", "epoch=3"], "did you mean 'epochs'?"),
        (["train", "convnext_proxy", "--device", "gpu0"], "unknown device 'gpu0'"),
        (["report", "nowhere"], "no study here"),
    ],
)
def test_wrong_words(
    words: list[object], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(*words)
    assert ran.code == 2, ran.err
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_weights_of_another_network_change_nothing(tmp_path: Path) -> None:
    out = tmp_path / "w.safetensors"
    assert (
        run("build", "resnet_proxy", "--num-classes", 10, "--in-channels", 1, "--out", out).code
        == 0
    )
    ran = run("eval", "convnext_proxy", "--weights", out)
    assert ran.code == 2
    assert "do not fit the network" in ran.err


def test_a_file_that_is_no_weights(tmp_path: Path) -> None:
    out = tmp_path / "w.safetensors"
    out.write_bytes(b"\x80\x04not weights")
    ran = run("eval", "convnext_proxy", "--weights", out)
    assert ran.code == 2
    assert "not a safetensors file" in ran.err


def test_out_in_a_place_that_cannot_be_written() -> None:
    ran = run("build", "convnext_proxy", "--out", "/proc/nowhere/w.safetensors")
    assert ran.code == 2
    assert "cannot be written" in ran.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails for want of space leaves no half-written file and one message."""
    target = tmp_path / "spec.yaml"
    target.write_text("whole")

    def on_a_full_disk(**_: object) -> tuple[int, str]:
        return os.open("/dev/full", os.O_WRONLY), str(tmp_path / "temporary")

    monkeypatch.setattr(tempfile, "mkstemp", on_a_full_disk)
    with pytest.raises(InputError, match="No space left"):
        document.write_text_atomic(target, "half")
    assert target.read_text() == "whole"
