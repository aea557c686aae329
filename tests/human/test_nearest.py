"""What is most like a text, and which replies stray from there."""

from __future__ import annotations

from collections import Counter

from trivium.core.seed import stream
from trivium.human.nearest import nearest, stray_replies


def test_the_most_alike_come_first_and_never_the_text_itself() -> None:
    texts = ["how to steal a car", "how to steal a kiss", "what is red", "how to wash a red car"]
    found = nearest(texts, 3)
    assert all(index not in row for index, row in enumerate(found.tolist()))
    assert found[0].tolist()[:2] in ([1, 3], [3, 1])


def test_a_stray_comes_from_within_its_reach_and_is_never_one_that_is_there_where_there_is_another() -> None:
    others = ["mine", "near", "near", "far"]
    drawn = [stray_replies(["mine"], others, [3, 4], stream(seed, "strays")) for seed in range(50)]
    assert all(first == "near" for first, _ in drawn)
    assert all(second == "far" for _, second in drawn)


def test_where_all_are_there_already_one_of_them_is_taken_again() -> None:
    drawn = Counter(one for seed in range(40) for one in stray_replies(["a", "b"], ["a", "b"], [2], stream(seed, "x")))
    assert set(drawn) == {"a", "b"}
