"""Holds likeness to the Jaccard index by brute force, and the index to all pairs compared one by one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trivium.human.duplicates import PIECE, PromptIndex, clusters, levelled, likeness, sketch

SKY = "Tell me in a few words why the sky over the sea looks blue at noon."


def jaccard(one: str, other: str) -> float:
    """The index of the sets of five-letter pieces, in plain Python."""
    sets = []
    for text in (one, other):
        plain = levelled(text).ljust(PIECE)
        sets.append({plain[at : at + PIECE] for at in range(len(plain) - PIECE + 1)})
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


@settings(max_examples=60)
@given(st.text(max_size=60), st.text(max_size=60))
def test_short_texts_have_the_exact_index(one: str, other: str) -> None:
    assert likeness(sketch(one), sketch(other)) == pytest.approx(jaccard(one, other))


def test_long_texts_have_it_up_to_the_error_of_the_sample() -> None:
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdefghij", k=rng.randint(3, 9))) for _ in range(3000)]
    text = " ".join(words)
    for share in (0.02, 0.1, 0.3):
        edited = " ".join("zzz" if rng.random() < share else word for word in words)
        # Standard error of a share p from 512 draws is at most 0.022.
        assert likeness(sketch(text), sketch(edited)) == pytest.approx(jaccard(text, edited), abs=0.08)


@pytest.mark.parametrize(
    "other",
    [SKY.upper(), SKY.replace(" ", "\n"), SKY.rstrip(".") + "?!", SKY.replace("noon", "nooon"), "Please: " + SKY],
)
def test_case_space_punctuation_and_typing_errors_do_not_hide_a_duplicate(other: str) -> None:
    index = PromptIndex({"sky": SKY, "rivers": "Name three rivers of Asia and say where they end."})
    assert [one.id for one in index.nearest(other)] == ["sky"]


def test_other_questions_in_the_same_words_are_no_duplicates() -> None:
    index = PromptIndex({"sky": SKY})
    assert index.nearest("Why is the sea blue, and the sky over it at noon not?") == []
    assert index.nearest("") == index.nearest("Hm") == []
    assert PromptIndex().nearest(SKY) == []


def test_other_writing_systems_work() -> None:
    index = PromptIndex(
        {
            "zh": "请用几句话解释为什么中午海面上的天空看起来是蓝色的",
            "ar": "لماذا تبدو السماء زرقاء فوق البحر عند الظهر؟",
        }
    )
    assert index.nearest("请用几句话解释为什么中午海面上的天空看起来是蓝色的？")[0].id == "zh"
    assert index.nearest("لماذا تبدو السماء زرقاء فوق البحر عند الظهر")[0].id == "ar"


def test_the_index_finds_what_comparing_every_pair_finds() -> None:
    rng = random.Random(1)
    base = [" ".join(rng.choices(["red", "green", "blue", "stone", "river", "cloud", "seven"], k=9)) for _ in range(60)]
    texts = {
        f"{number:02d}": text + rng.choice(["", " again", " and more of it"]) for number, text in enumerate(base * 2)
    }
    index = PromptIndex(texts)
    for name, text in texts.items():
        found = {one.id for one in index.nearest(text, 0.6, limit=1000, but=name)}
        assert found == {other for other, words in texts.items() if other != name and jaccard(text, words) >= 0.6}


def test_a_text_can_be_replaced_and_forgotten() -> None:
    index = PromptIndex({"a": SKY})
    index.add("a", "Name three rivers of Asia and say where they end.")
    assert index.nearest(SKY) == []
    index.add("b", SKY)
    index.remove("b")
    index.remove("never there")
    assert index.nearest(SKY) == []
    assert len(index) == 1


def test_clusters_hang_together_through_a_middle_and_are_named_by_their_first() -> None:
    chain = {"a": SKY, "x": "Name three rivers of Asia and say where they end.", "b": SKY + " Be kind to me."}
    chain["c"] = chain["b"] + " And use few words."
    assert likeness(sketch(chain["a"]), sketch(chain["c"])) < 0.7
    assert clusters(chain) == {"a": "a", "x": "x", "b": "a", "c": "a"}
