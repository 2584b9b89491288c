"""Classes of weights and of images, compared by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designspace.errors import InputError
from designspace.evaluation.classes import Answers, match_classes, parse_classes
from designspace.evaluation.imagenet import wnids, words

PETS = Answers(2, ("cat", "dog"))
NAMES = st.lists(st.text("abcdef", min_size=1, max_size=4), min_size=1, max_size=8, unique=True)


def test_the_same_classes_in_the_same_order_need_no_word() -> None:
    matching = match_classes(PETS, ["cat", "dog"], {})
    assert (matching.targets, matching.says) == ((0, 1), "")


def test_another_order_is_matched_by_name_and_said() -> None:
    matching = match_classes(PETS, ["dog", "cat"], {})
    assert matching.targets == (1, 0)
    assert "matched by name" in matching.says


@given(NAMES, st.randoms())
def test_every_class_finds_its_own_name(names: list[str], draw: object) -> None:
    shuffled = list(names)
    draw.shuffle(shuffled)  # type: ignore[attr-defined]
    part = shuffled[: max(1, len(shuffled) // 2)]
    for classes in (shuffled, part):
        targets = match_classes(Answers(len(names), tuple(names)), classes, {}).targets
        assert [names[target] for target in targets] == classes


def test_other_classes_are_refused_with_both_lists() -> None:
    with pytest.raises(InputError) as caught:
        match_classes(PETS, ["apple", "zebra"], {})
    said = str(caught.value)
    assert "cat, dog" in said
    assert "apple, zebra" in said
    assert "--classes cat=apple,..." in said
    with pytest.raises(InputError, match="the images' class 'zebra' is not among"):
        match_classes(PETS, ["dog", "zebra"], {})
    long = [f"c{number}" for number in range(100)]
    with pytest.raises(InputError, match=r"c0, c1, c2, c3, ... \(100\)"):
        match_classes(PETS, long, {})


def test_a_mapping_goes_from_the_weights_to_the_images() -> None:
    mapped = {"cat": "zebra", "dog": "apple"}
    assert match_classes(PETS, ["apple", "zebra"], mapped).targets == (1, 0)
    half = match_classes(PETS, ["apple", "cat"], {"dog": "apple"})
    assert half.targets == (1, 0)
    assert "dog=apple" in half.says


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"apple": "cat"}, "wrong way round"),
        ({"cow": "apple"}, "the weights have no class 'cow'"),
        ({"cat": "pear"}, "the images have no class 'pear'"),
        ({"cat": "apple", "dog": "apple"}, "two classes of the weights are mapped to 'apple'"),
        ({"cat": "apple"}, "class 'zebra' is not"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(mapping: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        match_classes(PETS, ["apple", "zebra"], mapping)


def test_weights_without_names_have_the_order_of_the_images() -> None:
    matching = match_classes(Answers(3), ["a", "b", "c"], {})
    assert matching.targets == (0, 1, 2)
    assert "do not name their classes" in matching.says
    with pytest.raises(InputError, match="the weights have 10 classes, without names"):
        match_classes(Answers(10), ["a", "b", "c"], {})
    assert match_classes(Answers(10), ["a", "b"], {"7": "a", "3": "b"}).targets == (7, 3)
    with pytest.raises(InputError, match="no class of the weights is mapped to b"):
        match_classes(Answers(10), ["a", "b"], {"7": "a"})


def test_published_weights_have_the_order_of_the_wordnet_numbers() -> None:
    everything = match_classes(Answers(1000), wnids(), {})
    assert everything.targets == tuple(range(1000))
    assert "in ImageNet's order" in everything.says
    some = ["n03888257", "n01440764"]
    assert match_classes(Answers(1000), some, {}).targets == (701, 0)
    assert match_classes(Answers(1000), ["tench, Tinca tinca"], {}).targets == (0,)
    assert match_classes(Answers(1000), words(), {}).targets == tuple(range(1000))
    with pytest.raises(InputError, match="n99999999"):
        match_classes(Answers(1000), [*wnids()[:999], "n99999999"], {})
    with pytest.raises(InputError, match="2 of the images' 2 classes are not among"):
        match_classes(Answers(1000), ["apple", "zebra"], {})
    assert match_classes(Answers(1000), ["cat"], {"n02123045": "cat"}).targets == (281,)


def test_a_name_that_stands_twice_is_no_name() -> None:
    with pytest.raises(InputError, match="2 classes called 'crane'"):
        match_classes(Answers(3, ("crane", "crane", "owl")), ["crane"], {})


def test_mappings_are_pairs_or_a_file(tmp_path: Path) -> None:
    assert parse_classes(None) == {}
    assert parse_classes("cat=apple, dog=zebra") == {"cat": "apple", "dog": "zebra"}
    file = tmp_path / "names.json"
    file.write_text(json.dumps({"tench, Tinca tinca": "fish", "1": 2}))
    assert parse_classes(str(file)) == {"tench, Tinca tinca": "fish", "1": "2"}
    written = tmp_path / "names.yaml"
    written.write_text("cat: apple\n")
    assert parse_classes(str(written)) == {"cat": "apple"}
    written.write_text("- cat\n")
    for wrong in ("cat", "cat=", "=a", "cat=a,cat=b", "", str(written), "no/such.yaml"):
        with pytest.raises(InputError):
            parse_classes(wrong)
